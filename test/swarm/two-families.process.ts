// Run by udp-tracker.test.ts where the name two-families.test has an IPv4 and an IPv6 address.
import { brandBytes } from '../../src/bytes/index.ts';
import { announceByUdp } from '../../src/swarm/discovery/udp-tracker-client.ts';
import { startUdpTracker } from './udp-tracker-server.ts';

const context = { after: () => undefined };
const v4 = await startUdpTracker(context);
const v6 = await startUdpTracker(context, { host: '::1', port: v4.port });
const url = new URL(`udp://two-families.test:${v4.port}/announce`);

async function answering(): Promise<readonly string[]> {
  const answers = await announceByUdp(
    url,
    {
      infoHash: brandBytes('InfoHashV1', new Uint8Array(20)),
      peerId: brandBytes('PeerId', new Uint8Array(20)),
      port: 6881,
      uploadedBytes: 0,
      downloadedBytes: 0,
      leftBytes: 0,
      event: 'started',
      key: '00',
    },
    { reach: 'named', signal: AbortSignal.timeout(10_000) },
  );
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
console.log(JSON.stringify({ both, toldOnce, onlyOne, oneSilent, wasQuick }));
v4.close();
silent.close();
