import { Collection } from './collection.mjs';
import { Cursors } from './cursors.mjs';
import { CommandError, noSuchCollection } from './errors.mjs';

/** All that is stored. */
export class Databases {
  #databases = new Map();

  cursors = new Cursors();

  find(database, name) {
    return this.#databases.get(database)?.get(name);
  }

  get(database, name) {
    const collection = this.find(database, name);
    if (!collection) throw noSuchCollection(`${database}.${name}`);
    return collection;
  }

  findOrCreate(database, name) {
    return this.find(database, name) ?? this.create(database, name, {});
  }

  create(database, name, options) {
    if (this.find(database, name)) throw new CommandError(48, 'NamespaceExists', `Collection ${database}.${name} already exists.`);
    if (!this.#databases.has(database)) this.#databases.set(database, new Map());
    const collection = new Collection(`${database}.${name}`, options);
    this.#databases.get(database).set(name, collection);
    return collection;
  }

  drop(database, name) {
    this.get(database, name);
    this.#databases.get(database).delete(name);
  }

  dropDatabase(database) {
    this.#databases.delete(database);
  }

  names() {
    return [...this.#databases].filter(([, collections]) => collections.size > 0).map(([name]) => name);
  }

  /** Pairs of name and collection. */
  collections(database) {
    return [...(this.#databases.get(database) ?? [])];
  }

  *all() {
    for (const collections of this.#databases.values()) yield* collections.values();
  }
}
