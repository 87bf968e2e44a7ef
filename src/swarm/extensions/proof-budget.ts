import { StrangersBudget } from '../rates/strangers-budget.ts';

/** What identity proofs may cost an engine, whoever asks for them: a proof costs about 0.2 ms of the processor. */
export class ProofBudget extends StrangersBudget {
  constructor(now: () => number) {
    super(
      {
        each: { burst: 50, perSecond: 5 }, // a tally asks for each torrent apart
        all: { burst: 200, perSecond: 50 },
        hosts: 1000,
      },
      now,
    );
  }
}
