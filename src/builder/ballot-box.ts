import type { Receipt, TallyClient } from '../client/index.ts';
import { commitmentOf, makeStatement, type PrivateKey, sha256, signStatement } from '../statement/index.ts';
import { chargeOn, type Tally } from '../tally/index.ts';
import type { OwnBallot } from './next-act.ts';
import type { MadeRecord } from './record.ts';

/** Signs and sends one builder's statements about releases, and reads back what the log has of them. */
export class BallotBox {
  readonly #client: TallyClient;
  readonly #signer: PrivateKey;
  readonly #origin: string;
  readonly #nowMs: () => number;
  /** The builder's first key, which names it for ever: what signs for it may be a key that it rotated to. */
  identity: string;

  constructor(client: TallyClient, signer: PrivateKey, origin: string, nowMs: () => number) {
    this.#client = client;
    this.#signer = signer;
    this.#origin = origin;
    this.#nowMs = nowMs;
    this.identity = signer.key;
  }

  /** What the log holds by this builder about a release. */
  own(tally: Tally, release: string): OwnBallot {
    const ballot = tally.releases.get(release)?.ballots.get(this.identity);
    return {
      commitment: ballot?.commit?.commitment,
      votedFor: ballot?.vote?.infoHashV2,
      failed: ballot?.failure !== undefined,
      mayOpenLate: chargeOn(tally, this.identity, release, tally.timeMs) !== undefined,
    };
  }

  /** The commitment that a record's salt and infohash make: the same at each call, whatever the clock says. */
  commitment({ release, salt, infoHashV2 }: MadeRecord): string {
    return commitmentOf({ origin: this.#origin, release, key: this.identity, salt, infoHashV2 }, sha256);
  }

  async commit(record: MadeRecord, signal: AbortSignal): Promise<Receipt> {
    const predicate = { ...this.#bound(record), commitment: this.commitment(record) };
    const statement = makeStatement('commit', subjectOf(record), predicate);
    return this.#client.submit(signStatement(statement, [this.#signer]), { signal });
  }

  async vote(record: MadeRecord, signal: AbortSignal): Promise<Receipt> {
    const { salt, infoHashV2, output } = record;
    const predicate = { ...this.#bound(record), salt, infoHashV2, output };
    const statement = makeStatement('vote', subjectOf(record), predicate);
    return this.#client.submit(signStatement(statement, [this.#signer]), { signal });
  }

  async tellFailure(record: About & { readonly reason: string }, signal: AbortSignal): Promise<Receipt> {
    const predicate = { ...this.#bound(record), reason: record.reason };
    const statement = makeStatement('failure', subjectOf(record), predicate);
    return this.#client.submit(signStatement(statement, [this.#signer]), { signal });
  }

  #bound({ release }: About) {
    return { origin: this.#origin, timeMs: this.#nowMs(), release };
  }
}

interface About {
  readonly release: string;
  readonly package: string;
}

function subjectOf(about: About) {
  return { name: about.package, sha256: about.release };
}
