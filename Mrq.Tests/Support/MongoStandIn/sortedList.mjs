const MOST = 512;

/** Entries `{ key, record }` in the order of their keys, in chunks: inserting moves hundreds of entries, never all. */
export class SortedList {
  #chunks = [[]];

  insert(key, record) {
    const chunk = this.#chunks[this.#chunkOf(key)];
    chunk.splice(lowerBound(chunk, key), 0, { key, record });
    if (chunk.length > MOST) {
      const at = this.#chunks.indexOf(chunk);
      // Growing keys are the rule: leave the full chunk nearly full, so that it is not copied again.
      this.#chunks.splice(at + 1, 0, chunk.splice(at === this.#chunks.length - 1 ? MOST - 8 : MOST / 2));
    }
  }

  remove(key) {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    const index = lowerBound(chunk, key);
    if (chunk[index]?.key !== key) return;
    chunk.splice(index, 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1);
  }

  /** About how many entries lie in a range; exact within one chunk. */
  count(from, to) {
    const [first, last] = [this.#chunkOf(from), this.#chunkOf(to)];
    const [low, high] = [lowerBound(this.#chunks[first], from), lowerBound(this.#chunks[last], to)];
    return first === last ? high - low : this.#chunks[first].length - low + (last - first - 1) * MOST / 2 + high;
  }

  first(from) {
    for (const entry of this.ascending(from, '\uffff')) return entry;
    return undefined;
  }

  /** Entries with from <= key < to. The list must not change meanwhile. */
  *ascending(from, to) {
    let at = this.#chunkOf(from);
    let index = lowerBound(this.#chunks[at], from);
    for (; at < this.#chunks.length; at++, index = 0) {
      const chunk = this.#chunks[at];
      for (; index < chunk.length; index++) {
        if (chunk[index].key >= to) return;
        yield chunk[index];
      }
    }
  }

  /** The same, backwards. */
  *descending(from, to) {
    let at = this.#chunkOf(to);
    let index = lowerBound(this.#chunks[at], to) - 1;
    for (; at >= 0; at--, index = (this.#chunks[at]?.length ?? 0) - 1) {
      const chunk = this.#chunks[at];
      for (; index >= 0; index--) {
        if (chunk[index].key < from) return;
        yield chunk[index];
      }
    }
  }

  /** The last chunk that begins at or before the key. */
  #chunkOf(key) {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#chunks[middle][0].key <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function lowerBound(chunk, key) {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk[middle].key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
