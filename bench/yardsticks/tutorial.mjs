// The relay of the usual tutorial: a WebSocket server and the provider's SDK, one frame for each token, history in memory.
import OpenAI from "openai";
import { WebSocketServer } from "ws";

const [port, baseURL] = process.argv.slice(2);
const openai = new OpenAI({ apiKey: "none", baseURL, maxRetries: 0 });
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), perMessageDeflate: false });

server.on("connection", (socket) => {
  const messages = [];
  socket.on("message", async (data) => {
    messages.push({ role: "user", content: JSON.parse(data).prompt });
    const stream = await openai.chat.completions.create({ model: "scripted", messages, stream: true });
    let answer = "";
    for await (const chunk of stream) {
      const token = chunk.choices[0]?.delta?.content;
      if (!token) continue;
      answer += token;
      socket.send(JSON.stringify({ type: "token", chunk: token }));
    }
    messages.push({ role: "assistant", content: answer });
    socket.send(JSON.stringify({ type: "done" }));
  });
});
server.on("listening", () => console.log("listening"));
