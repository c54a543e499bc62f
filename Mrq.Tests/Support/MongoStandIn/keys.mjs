// Values as text whose order is the order MongoDB gives the values: within one type by value, else by type.
// Every text ends itself, so that the text of several fields is theirs one after the other.
// Integers beyond 2^53 are compared as doubles.

const bits = new DataView(new ArrayBuffer(8));

function orderedNumber(number) {
  bits.setFloat64(0, number === 0 ? 0 : number);
  const flip = bits.getUint8(0) & 0x80 ? 0xffff : 0;
  const first = bits.getUint16(0) ^ (flip || 0x8000);
  return String.fromCharCode(first, bits.getUint16(2) ^ flip, bits.getUint16(4) ^ flip, bits.getUint16(6) ^ flip);
}

const orderedText = text => (/[\0\x01]/.test(text) ? text.replace(/\x01/g, '\x01\x02').replace(/\0/g, '\x01\x01') : text) + '\0';

function orderedBytes(binary) {
  const bytes = binary.buffer.subarray(0, binary.position);
  return orderedNumber(bytes.length) + String.fromCharCode(binary.sub_type) + Buffer.from(bytes).toString('latin1');
}

const orderedFields = value => Object.keys(value).map(name => keyOf(value[name])[0] + orderedText(name) + keyOf(value[name])).join('') + '\0';

export function keyOf(value) {
  switch (typeof value) {
    case 'string': return '3' + orderedText(value);
    case 'number': return '2' + orderedNumber(value);
    case 'boolean': return value ? '81' : '80';
    case 'undefined': return '1';
  }
  if (value === null) return '1';
  if (value instanceof Date) return '9' + orderedNumber(+value);
  if (Array.isArray(value)) return '5' + value.map(keyOf).join('') + '\0';
  if (value instanceof RegExp) return ';' + orderedText(String(value));
  switch (value._bsontype) {
    case undefined: return '4' + orderedFields(value);
    case 'ObjectId': return '7' + value.toHexString();
    case 'Binary': return '6' + orderedBytes(value);
    case 'Timestamp': return ':' + orderedNumber(value.high >>> 0) + orderedNumber(value.low >>> 0);
    case 'MinKey': return '0';
    case 'MaxKey': return '~';
    default: return '2' + orderedNumber(Number(value.toString()));
  }
}

/** Behind every key that begins with `prefix`. */
export const behind = prefix => prefix + '\uffff';

export const isPlain = value => typeof value === 'object' && value !== null && !Array.isArray(value)
  && !(value instanceof Date) && !(value instanceof RegExp) && value._bsontype === undefined;

/** The value at a dotted path; undefined where there is none. */
export function valueAt(document, path) {
  if (!path.includes('.')) return document[path];
  let value = document;
  for (const name of path.split('.')) {
    if (value === null || value === undefined) return undefined;
    value = value[name];
  }
  return value;
}

/** All values at a path, arrays on the way and at its end opened; never empty: `[undefined]` where there is none. */
export function valuesAt(document, path) {
  let values = [document];
  for (const name of path.split('.')) {
    values = values.flatMap(value => Array.isArray(value) && !(name in value) ? value.map(item => item?.[name]) : [value?.[name]]);
  }
  values = values.flatMap(value => Array.isArray(value) ? (value.length === 0 ? [undefined] : value) : [value]);
  return values.length === 0 ? [undefined] : values;
}
