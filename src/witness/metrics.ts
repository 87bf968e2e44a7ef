import { Counter, Gauge, type OpenMetricsContentType, Registry } from 'prom-client';

/** What a witness counts, as OpenMetrics text at `/metrics`. */
export class WitnessMetrics {
  readonly #registry = new Registry<OpenMetricsContentType>();
  readonly #answers = new Counter({
    name: 'bitquorum_witness_answers_total',
    help: 'Answers to requests, by HTTP status.',
    labelNames: ['status'],
    registers: [this.#registry],
  });
  readonly #size = new Gauge({
    name: 'bitquorum_witness_cosigned_entries',
    help: 'Size of the checkpoint cosigned last, by log.',
    labelNames: ['origin'],
    registers: [this.#registry],
  });
  readonly #forks = new Counter({
    name: 'bitquorum_witness_forks_total',
    help: 'Checkpoints of a size cosigned before, with another root, signed by the log.',
    labelNames: ['origin'],
    registers: [this.#registry],
  });

  constructor() {
    this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  }

  answered(status: number): void {
    this.#answers.inc({ status: String(status) });
  }

  cosigned(origin: string, size: number): void {
    this.#size.set({ origin }, size);
  }

  forked(origin: string): void {
    this.#forks.inc({ origin });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
