import { behind, isPlain, keyOf } from './keys.mjs';

/** More ranges than these are not worth an index. */
const MOST_RANGES = 20_000;
/** So few entries are sorted afterwards rather than found in order. */
const FEW = 500;

const isValue = value => !Array.isArray(value) && !(value instanceof RegExp) && !isPlain(value);

/** What a filter says of each field that an index can use: `{ keys }` for equality, `{ from, to }` for a range of one type. */
function boundsOf(filter, bounds = new Map()) {
  for (const [path, condition] of Object.entries(filter)) {
    if (path === '$and') condition.forEach(part => boundsOf(part, bounds));
    else if (path[0] !== '$' && !bounds.get(path)?.keys) {
      const bound = boundOf(condition);
      if (bound) bounds.set(path, bound);
    }
  }
  return bounds;
}

function boundOf(condition) {
  if (!isPlain(condition)) return isValue(condition) ? { keys: [keyOf(condition)] } : null;
  const { $eq, $in, $gt, $gte, $lt, $lte } = condition;
  if ('$eq' in condition) return isValue($eq) ? { keys: [keyOf($eq)] } : null;
  if (Array.isArray($in)) return $in.every(isValue) ? { keys: [...new Set($in.map(keyOf))].sort() } : null;
  const limits = [$gt, $gte, $lt, $lte].filter(limit => limit !== undefined);
  if (limits.length === 0 || !limits.every(isValue)) return null;
  const type = keyOf(limits[0])[0];
  return {
    from: $gt !== undefined ? behind(keyOf($gt)) : $gte !== undefined ? keyOf($gte) : type,
    to: $lt !== undefined ? keyOf($lt) : $lte !== undefined ? behind(keyOf($lte)) : behind(type),
  };
}

/** A sparse or partial index knows only some documents: it serves filters that ask for no other. */
function covers(index, filter, bounds) {
  const asksForValue = path => bounds.has(path) && !bounds.get(path).keys?.includes(keyOf(null));
  if (index.spec.sparse && !index.fields.some(asksForValue)) return false;
  return Object.entries(index.spec.partialFilterExpression ?? {}).every(([path, condition]) =>
    isPlain(condition)
      ? Object.entries(condition).every(([operator, operand]) =>
        (operator === '$exists' && operand === true && asksForValue(path))
        || (operator === '$type' && operand === 'string' && bounds.get(path)?.keys?.every(key => key[0] === '3')))
      : path in filter && keyOf(filter[path]) === keyOf(condition));
}

/** How an index would serve: ranges of its entries, and whether these come in the order asked for (`step` 1 or -1). */
function planOf(index, bounds, sort) {
  let prefixes = [''];
  let used = 0;
  for (; used < index.fields.length; used++) {
    const keys = bounds.get(index.fields[used])?.keys;
    if (!keys || prefixes.length * keys.length > MOST_RANGES) break;
    prefixes = prefixes.flatMap(prefix => keys.map(key => prefix + key));
  }
  const range = bounds.get(index.fields[used]);
  const limits = range?.from !== undefined ? range : { from: '', to: '\uffff' };
  const ranges = prefixes.map(prefix => ({ from: prefix + limits.from, to: prefix + limits.to }));
  return { index, ranges, isBound: used > 0 || range?.from !== undefined, step: stepOf(index, used, ranges, bounds, sort) };
}

function stepOf(index, used, ranges, bounds, sort) {
  const asked = Object.entries(sort).filter(([path]) => bounds.get(path)?.keys?.length !== 1);
  // The id stands behind every key.
  const given = [...index.fields.slice(used), ...(index.fields.includes('_id') ? [] : ['_id'])];
  const inOrder = !index.multikey && ranges.length === 1
    && asked.every(([path, direction], i) => path === given[i] && Math.sign(direction) === Math.sign(asked[0][1]));
  return inOrder ? Math.sign(asked[0]?.[1] ?? 1) : 0;
}

/** The best index for a filter and an order: `{ index, ranges, step }`; null: look at every document. */
export function plan(indexes, filter, sort, isLimited) {
  const bounds = boundsOf(filter);
  const plans = indexes.filter(index => covers(index, filter, bounds)).map(index => planOf(index, bounds, sort ?? {}));
  let narrowest = null;
  for (const candidate of plans.filter(candidate => candidate.isBound)) {
    candidate.size = candidate.ranges.reduce((sum, { from, to }) => sum + candidate.index.entries.count(from, to), 0);
    if (narrowest === null || candidate.size < narrowest.size || (candidate.size === narrowest.size && candidate.step !== 0)) narrowest = candidate;
  }
  if (!sort || narrowest?.step || (narrowest && narrowest.size <= FEW)) return narrowest;
  const ordered = plans.filter(candidate => candidate.step !== 0).sort((a, b) => (a.size ?? Infinity) - (b.size ?? Infinity))[0];
  return ordered && (isLimited || !narrowest) ? ordered : narrowest;
}
