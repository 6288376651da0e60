/** Metrics as Prometheus reads them (text format 0.0.4). Pure. */

export type Labels = Readonly<Record<string, string>>;

/** One family: its samples by label set. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: Iterable<Sample>;
}

/** `suffix`: `_bucket`, `_sum` or `_count` of a histogram. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly suffix?: string;
}

/** The text of all families, in their order. */
export function toExposition(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of families) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const { labels, value, suffix = '' } of samples) lines.push(`${name}${suffix}${toLabels(labels)} ${value}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Counters by label set; no more than `most` sets, further ones count together as `other`. */
export class Counter {
  readonly #sets = new Map<string, { readonly labels: Labels; value: number }>();

  constructor(readonly most = 2000) {}

  add(labels: Labels, by = 1): void {
    const key = JSON.stringify(labels);
    const known = this.#sets.get(key);
    if (known !== undefined) known.value += by;
    else if (this.#sets.size < this.most) this.#sets.set(key, { labels, value: by });
    else if (labels.network !== 'other') this.add({ ...labels, network: 'other' }, by);
    else this.#sets.set(key, { labels, value: by });
  }

  samples(suffix = ''): readonly Sample[] {
    return [...this.#sets.values()].map(({ labels, value }) => ({ labels, value, suffix }));
  }
}

/** Durations in seconds, in buckets. */
export class Histogram {
  readonly #buckets = new Counter();
  readonly #sum = new Counter();
  readonly #count = new Counter();

  constructor(readonly bounds: readonly number[]) {}

  observe(labels: Labels, value: number): void {
    for (const bound of this.bounds) this.#buckets.add({ ...labels, le: String(bound) }, value <= bound ? 1 : 0);
    this.#buckets.add({ ...labels, le: '+Inf' });
    this.#sum.add(labels, value);
    this.#count.add(labels);
  }

  samples(): readonly Sample[] {
    return [...this.#buckets.samples('_bucket'), ...this.#sum.samples('_sum'), ...this.#count.samples('_count')];
  }
}

function toLabels(labels: Labels): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return texts.length === 0 ? '' : `{${texts.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
