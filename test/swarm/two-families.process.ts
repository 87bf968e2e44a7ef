// Run by udp-tracker.test.ts where the name two-families.test has an IPv4 and an IPv6 address.
import { brandBytes } from '../../src/bytes/index.ts';
import { announceTo } from '../../src/swarm/discovery/tracker-client.ts';
import { announceByUdp } from '../../src/swarm/discovery/udp-tracker-client.ts';
import { startTracker } from './tracker-server.ts';
import { startUdpTracker } from './udp-tracker-server.ts';

const context = { after: () => undefined };
const announcement = {
  infoHash: brandBytes('InfoHashV1', new Uint8Array(20)),
  peerId: brandBytes('PeerId', new Uint8Array(20)),
  port: 6881,
  uploadedBytes: 0,
  downloadedBytes: 0,
  leftBytes: 0,
  event: 'started',
  key: '00',
} as const;
const v4 = await startUdpTracker(context);
const v6 = await startUdpTracker(context, { host: '::1', port: v4.port });
const url = new URL(`udp://two-families.test:${v4.port}/announce`);

async function answering(): Promise<readonly string[]> {
  const answers = await announceByUdp(url, announcement, {
    reach: 'named',
    signal: AbortSignal.timeout(10_000),
  });
  return answers.map(({ host }) => host).sort((first, second) => (first < second ? -1 : 1));
}

const both = await answering();
const toldOnce = v4.told.length === 1 && v6.told.length === 1;
v6.close();
const onlyOne = await answering();
const silent = await startUdpTracker(context, { host: '::1', port: v4.port, silent: true });
const sinceMs = performance.now();
const oneSilent = await answering();
const wasQuick = performance.now() - sinceMs < 5000;
v4.close();
silent.close();

// An HTTP tracker tells each family of its peers of that family.
const ends: (() => void)[] = [];
const httpContext = { after: (end: () => void) => ends.push(end) };
const http4 = await startTracker(httpContext);
const port = Number(new URL(http4.url).port);
const http6 = await startTracker(httpContext, { host: '::1', port });
const announceByHttp = (tellingPort: number) =>
  announceTo(
    `http://two-families.test:${port}/announce`,
    { ...announcement, port: tellingPort },
    { reach: 'named', signal: AbortSignal.timeout(10_000) },
  );
await announceByHttp(1);
const { peers } = await announceByHttp(2);
const byHttp = {
  told: [http4, http6].map(({ seen }) => seen.map(({ host }) => host)),
  peers: peers.map(({ host }) => host).toSorted(),
};
for (const end of ends) end();
console.log(JSON.stringify({ both, toldOnce, onlyOne, oneSilent, wasQuick, byHttp }));
