// Posts entries over keep-alive connections: `log-client.process.ts URL WRITERS FILE`, where FILE holds each envelope after
// its length. Prints how many were acknowledged a second.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { parseEntryBundle } from '../../src/log/index.ts';

const [url = '', writers = '', file = '', count = ''] = process.argv.slice(2);
const envelopes = parseEntryBundle(readFileSync(file), Number(count));
const agent = new Agent({ keepAlive: true, maxSockets: Number(writers) });
const target = new URL('api/v1/entries', url);
let next = 0;

async function write(): Promise<void> {
  for (let envelope = envelopes[next++]; envelope !== undefined; envelope = envelopes[next++]) {
    const status = await post(envelope);
    if (status !== 201) throw new Error(`the tally answered ${status}`);
  }
}

function post(body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    request(target, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', reject)
      .end(body);
  });
}

const from = performance.now();
await Promise.all(Array.from({ length: Number(writers) }, write));
console.log((envelopes.length / (performance.now() - from)) * 1000);
agent.destroy();
