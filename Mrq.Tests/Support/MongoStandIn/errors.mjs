/** A failure that a client sees as `{ ok: 0, code, codeName, errmsg }`, or as one of its write errors. */
export class CommandError extends Error {
  constructor(code, codeName, message, details = {}) {
    super(message);
    Object.assign(this, { code, codeName, details });
  }
}

export const badValue = message => new CommandError(2, 'BadValue', message);
export const noSuchCollection = namespace => new CommandError(26, 'NamespaceNotFound', `ns does not exist: ${namespace}`);
export const immutableId = () => new CommandError(66, 'ImmutableField', "Performing an update on the path '_id' would modify the immutable field '_id'");

/** What is thrown by `mingo` has no code: to a server it is a bad value. */
export const replyOf = error => ({
  ok: 0,
  errmsg: error.message,
  code: error.code ?? 2,
  codeName: error.codeName ?? 'BadValue',
  ...error.details,
});
