import { Query } from 'mingo';
import { isPlain, keyOf } from './keys.mjs';

const isScalar = value => value === null || typeof value !== 'object' || value instanceof Date || (value._bsontype !== undefined);

// The operators that most filters are made of, on keys. A range holds only values of its bound's own type, as in MongoDB.
const comparisons = {
  $eq: operand => { const key = keyOf(operand); return other => other === key; },
  $ne: operand => { const key = keyOf(operand); return other => other !== key; },
  $gt: operand => { const key = keyOf(operand); return other => other > key && other[0] === key[0]; },
  $gte: operand => { const key = keyOf(operand); return other => other >= key && other[0] === key[0]; },
  $lt: operand => { const key = keyOf(operand); return other => other < key && other[0] === key[0]; },
  $lte: operand => { const key = keyOf(operand); return other => other <= key && other[0] === key[0]; },
  $in: operand => { const keys = new Set(operand.map(keyOf)); return other => keys.has(other); },
  $nin: operand => { const keys = new Set(operand.map(keyOf)); return other => !keys.has(other); },
};

/** Tests of one field's condition; null: more than the simple operators on plain values. */
function testsOf(condition) {
  if (isScalar(condition)) return [comparisons.$eq(condition)];
  if (!isPlain(condition)) return null;
  const operators = Object.entries(condition);
  if (operators.length === 1 && isPlain(condition.$not)) {
    const tests = testsOf(condition.$not);
    return tests && [other => !tests.every(test => test(other))];
  }
  const simple = operators.length > 0 && operators.every(([name, operand]) =>
    Object.hasOwn(comparisons, name) && (Array.isArray(operand) ? /in$/.test(name) && operand.every(isScalar) : isScalar(operand)));
  return simple ? operators.map(([name, operand]) => comparisons[name](operand)) : null;
}

/** A filter as a test of documents. What is simple is tested here, because mingo takes ten times as long; all else by mingo. */
export function matcher(filter) {
  let mingo;
  const byMingo = document => (mingo ??= new Query(filter)).test(document);
  const fields = [];
  for (const [path, condition] of Object.entries(filter)) {
    const tests = path[0] === '$' ? null : testsOf(condition);
    if (tests === null) {
      mingo = new Query(filter);
      return byMingo;
    }
    // Of an array one element is enough, where the condition is that of an equality.
    const isEquality = isScalar(condition) && condition !== null;
    fields.push({ path, tests, isEquality });
  }

  return document => {
    for (const { path, tests, isEquality } of fields) {
      const value = path.includes('.') ? plainValueAt(document, path) : document[path];
      if (Array.isArray(value) && isEquality && value.every(isScalar)) {
        if (value.some(item => tests[0](keyOf(item)))) continue;
        return false;
      }
      if (Array.isArray(value)) return byMingo(document);
      const key = keyOf(value);
      if (!tests.every(test => test(key))) return false;
    }
    return true;
  };
}

/** As valueAt; an array as soon as there is one on the way that is not asked for its element of a number. */
function plainValueAt(document, path) {
  let value = document;
  for (const name of path.split('.')) {
    const isElement = Array.isArray(value) && /^\d+$/.test(name) && isScalar(value[name] ?? null);
    if (value === null || value === undefined || (Array.isArray(value) && !isElement)) return value ?? undefined;
    value = value[name];
  }
  return value;
}
