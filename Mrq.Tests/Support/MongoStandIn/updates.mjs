import { EJSON, ObjectId } from 'bson';
import { Aggregator, update as updateByMingo } from 'mingo';
import * as mingoOperators from 'mingo/operators/update';
import { cloneDeep } from 'mingo/util';
import { CommandError, badValue, immutableId } from './errors.mjs';
import { isPlain, keyOf, valueAt } from './keys.mjs';

export const isReplacement = update => !Array.isArray(update) && Object.keys(update)[0]?.[0] !== '$';

/** The document after an update; the same object when nothing changed. */
export function applyUpdate(document, update, filter, arrayFilters) {
  const next = changed(document, update, filter, arrayFilters, false);
  if (next !== document && keyOf(next._id) !== keyOf(document._id)) throw immutableId();
  return next;
}

/** The document that an upsert inserts. */
export function upserted(filter, update, arrayFilters) {
  const base = equalitiesOf(filter);
  if (isReplacement(update)) return { _id: update._id ?? base._id ?? new ObjectId(), ...without(update, '_id') };
  const next = changed(base, update, {}, arrayFilters, true);
  if ('_id' in base && keyOf(next._id) !== keyOf(base._id)) throw immutableId();
  return { _id: next._id ?? new ObjectId(), ...without(next, '_id') };
}

function changed(document, update, filter, arrayFilters, isInsert) {
  if (isReplacement(update)) {
    if ('_id' in update && keyOf(update._id) !== keyOf(document._id)) throw immutableId();
    return { _id: document._id, ...without(update, '_id') };
  }
  if (Array.isArray(update)) return new Aggregator(update).run([cloneDeep(document)])[0];

  const { $setOnInsert, ...operators } = update;
  if (isInsert && $setOnInsert) operators.$set = { ...$setOnInsert, ...operators.$set };
  refuseConflicts(operators);
  if (!isInsert) refuseAnotherId(document, operators);
  const next = cloneDeep(document);
  prepareNumbers(next, operators.$inc);
  prepareArrays(next, operators.$push);
  return applyOperators(next, operators, filter, arrayFilters, isInsert) || isInsert ? next : document;
}

/** How many fields changed. */
function applyOperators(document, operators, filter, arrayFilters, isInsert) {
  const paths = Object.values(operators).flatMap(fields => Object.keys(fields));
  if (paths.length === 0) return 0;
  if (!arrayFilters && paths.every(path => !path.includes('$')) && Object.keys(operators).every(name => Object.hasOwn(mingoOperators, name))) {
    // mingo's own operators, without the context that it makes for every call.
    return Object.entries(operators).reduce((count, [name, fields]) => count + mingoOperators[name](fields)(document).length, 0);
  }
  const isPositional = paths.some(path => /\.\$(\.|$)/.test(path));
  return updateByMingo(document, operators, arrayFilters, isPositional && !isInsert ? filter : {}, { cloneMode: 'none' }).length;
}

function refuseConflicts(operators) {
  const seen = new Set();
  for (const path of Object.values(operators).flatMap(fields => Object.keys(fields))) {
    const clash = seen.has(path) || [...seen].some(other => other.startsWith(path + '.') || path.startsWith(other + '.'));
    if (clash) throw new CommandError(40, 'ConflictingUpdateOperators', `Updating the path '${path}' would create a conflict at '${path}'`);
    seen.add(path);
  }
}

function refuseAnotherId(document, operators) {
  for (const fields of Object.values(operators)) {
    if ('_id' in fields && keyOf(fields._id) !== keyOf(document._id)) throw immutableId();
  }
}

function prepareNumbers(document, fields = {}) {
  for (const path of Object.keys(fields)) {
    const value = valueAt(document, path);
    if (value !== undefined && typeof value !== 'number') {
      throw new CommandError(14, 'TypeMismatch',
        `Cannot apply $inc to a value of non-numeric type. {_id: ${EJSON.stringify(document._id)}} has the field '${path}' of non-numeric type`);
    }
  }
}

/** mingo pushes only into what is there. */
function prepareArrays(document, fields = {}) {
  for (const path of Object.keys(fields)) {
    const value = valueAt(document, path);
    if (value === undefined) setAt(document, path, []);
    else if (!Array.isArray(value)) throw badValue(`The field '${path}' must be an array but is of type ${typeof value}`);
  }
}

/** What a filter demands of fields by equality: an upsert begins with it. */
function equalitiesOf(filter, base = {}) {
  for (const [path, condition] of Object.entries(filter)) {
    if (path === '$and') condition.forEach(part => equalitiesOf(part, base));
    else if (path[0] !== '$' && !(condition instanceof RegExp)) {
      const isOperators = isPlain(condition) && Object.keys(condition)[0]?.[0] === '$';
      if (!isOperators) setAt(base, path, condition);
      else if ('$eq' in condition) setAt(base, path, condition.$eq);
    }
  }
  return base;
}

function setAt(document, path, value) {
  const names = path.split('.');
  const last = names.pop();
  names.reduce((parent, name) => (parent[name] ??= {}), document)[last] = value;
}

function without(document, name) {
  const { [name]: _, ...rest } = document;
  return rest;
}
