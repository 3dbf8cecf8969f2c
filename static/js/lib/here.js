/** The one connection of this page. */

import { Connection } from "#lib/connection";

const url = `${location.origin.replace(/^http/, "ws")}/ws/chat/`;

export const connection = new Connection(url, document.documentElement.dataset.user);
