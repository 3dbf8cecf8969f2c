// Django's admin and its jQuery write HTML as text. They may: handlers and scripts in it do not run under the
// site's content policy. Scripts come from this site only, and text never becomes one (there is no createScript).
window.trustedTypes?.createPolicy("default", {
  createHTML: (text) => text,
  createScriptURL: (url) => (new URL(url, document.baseURI).origin === location.origin ? url : null),
});
