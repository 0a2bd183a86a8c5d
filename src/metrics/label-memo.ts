/**
 * Objects that belong to labels, such as the handles of their series. They are made once, and found by one label after the other:
 * joining the labels of each request would cost more.
 */
export type Label = string | number | undefined;

type Branch<Value> = Map<Label, Branch<Value> | Value>;

/** A limit in case that a label does not come from a closed set. A forgotten object is made again. */
export const MOST_REMEMBERED = 1_000;

export class LabelMemo<LabelList extends readonly [Label, ...Label[]], Value extends object> {
  readonly #make: (labels: LabelList) => Value;
  readonly #root: Branch<Value> = new Map();
  #size = 0;

  constructor(make: (labels: LabelList) => Value) {
    this.#make = make;
  }

  of(labels: LabelList): Value {
    const last = labels.length - 1;
    let branch: Branch<Value> | undefined = this.#root;
    for (let i = 0; i < last && branch !== undefined; i++) branch = branch.get(labels[i]) as Branch<Value> | undefined;
    return (branch?.get(labels[last]) as Value | undefined) ?? this.#remember(labels);
  }

  #remember(labels: LabelList): Value {
    if (this.#size >= MOST_REMEMBERED) {
      this.#root.clear();
      this.#size = 0;
    }
    this.#size++;
    let branch = this.#root;
    for (const label of labels.slice(0, -1)) {
      const next = (branch.get(label) as Branch<Value> | undefined) ?? new Map();
      branch.set(label, next);
      branch = next;
    }
    const made = this.#make(labels);
    branch.set(labels.at(-1), made);
    return made;
  }
}
