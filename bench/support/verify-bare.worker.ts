import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

/** Nothing but Ed25519 verification with keys that are ready, over messages of an entry's size. */
const { seconds, messageBytes } = workerData as { readonly seconds: number; readonly messageBytes: number };
const signed = Array.from({ length: 256 }, () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const message = randomBytes(messageBytes);
  return { key: publicKey, message, signature: sign(null, message, privateKey) };
});

parentPort?.on('message', () => {
  const from = performance.now();
  let count = 0;
  while (performance.now() - from < seconds * 1000) {
    for (const { key, message, signature } of signed) {
      if (!verify(null, message, key, signature)) throw new Error('a good signature was refused');
    }
    count += signed.length;
  }
  parentPort?.postMessage((count / (performance.now() - from)) * 1000);
});
parentPort?.postMessage('ready');
