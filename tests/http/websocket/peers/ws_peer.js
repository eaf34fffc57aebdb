// SPDX-License-Identifier: Apache-2.0
//
// ws, as a peer of websocket_peers_test.cpp, which says what is expected of it.
//   ws_peer.js serve [compress]         ws_peer.js ask URL [compress]
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const { once } = require('events');
const { WebSocket, WebSocketServer } = require('ws');

const text = 'a\u20ac\u{1f600}';
const settings = (compress) => ({ perMessageDeflate: compress ? { threshold: 0 } : false, maxPayload: 1 << 22 });
const agreed = (ws) => 'permessage-deflate' in ws._extensions;

function inPieces(ws, pieces) {
  pieces.forEach((piece, i) => ws.send(piece, { binary: false, fin: i === pieces.length - 1 }));
}

function serve(compress) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...settings(compress) });
  server.on('listening', () => console.log(server.address().port));
  server.on('connection', (ws) => {
    ws.on('message', (data, binary) => {
      const said = binary ? '' : data.toString();
      if (said === 'pieces') inPieces(ws, ['frag', 'men', 'ted']);
      else if (said === 'close') ws.close(4001, 'bye');
      else if (said === 'ping') ws.ping('are you there?');
      else ws.send(data, { binary });
    });
    ws.on('pong', (data) => ws.send(`pong ${data}`));
    ws.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
  });
}

async function connect(url, compress) {
  const ws = new WebSocket(url, settings(compress));
  await once(ws, 'open');
  assert.strictEqual(agreed(ws), compress);
  return ws;
}

async function ask(url, compress) {
  const ws = await connect(url, compress);
  const next = async () => {
    const [data, binary] = await once(ws, 'message');
    return binary ? data : data.toString();
  };
  for (const message of ['', text, text.repeat(50000), Buffer.alloc(0), crypto.randomBytes(65536),
    crypto.randomBytes(1 << 20)]) {
    ws.send(message);
    assert.deepStrictEqual(await next(), message);
  }
  const halves = Buffer.from(text);
  inPieces(ws, [halves.subarray(0, 2), halves.subarray(2, 6), halves.subarray(6)]);
  assert.strictEqual(await next(), text);
  ws.ping('hello');
  const [pong] = await once(ws, 'pong');
  assert.strictEqual(pong.toString(), 'hello');
  ws.close(3000, 'done');
  const [code] = await once(ws, 'close');
  assert.strictEqual(code, 3000);

  const second = await connect(url, compress);
  second.send('close');
  const [theirs, reason] = await once(second, 'close');
  assert.deepStrictEqual([theirs, reason.toString()], [4001, 'bye']);
  console.log('done');
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'serve') serve(rest[0] === 'compress');
else ask(rest[0], rest[1] === 'compress').catch((error) => { console.log(error); process.exit(1); });
