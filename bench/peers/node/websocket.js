// SPDX-License-Identifier: Apache-2.0
// WebSocket echo server on ws, without compression.   usage: node websocket.js   (announces its port)
'use strict';
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, backlog: 4096 });
server.on('listening', () => console.log(`PORT ${server.address().port}`));
server.on('connection', (ws) => {
  ws.on('message', (message, isBinary) => ws.send(message, { binary: isBinary }));
});
