/** Keeps a store's objects in a SQLite file, as kine does for k3s: one row per object, one counter, one transaction per write. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Backend, StoredObject } from './store.ts'

/**
 * Opens or creates the file. WAL with synchronous=NORMAL survives a killed process whole; a power cut may lose the last
 * writes but never tears one. The exclusive lock makes a second server on the same file fail at once, not corrupt it.
 */
export function sqliteBackend(file: string): Backend {
  mkdirSync(dirname(file), { recursive: true })
  const database = new DatabaseSync(file)
  database.exec(`
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS objects (
      resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL,
      PRIMARY KEY (resource, namespace, name)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL);
    INSERT OR IGNORE INTO counter VALUES (1, 1);
  `)
  const put = database.prepare(
    'INSERT INTO objects VALUES (?, ?, ?, ?) ON CONFLICT (resource, namespace, name) DO UPDATE SET json = excluded.json',
  )
  const remove = database.prepare('DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?')
  const count = database.prepare('UPDATE counter SET version = ? WHERE id = 1')
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  const transaction = (version: number, write: () => void) => {
    begin.run()
    try {
      write()
      count.run(version)
      commit.run()
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
  return {
    load: () => ({
      version: (database.prepare('SELECT version FROM counter').get() as { version: number }).version,
      rows: database
        .prepare('SELECT resource AS "table", namespace, name, json FROM objects')
        .all() as unknown as Iterable<{ table: string; namespace: string; name: string; json: string }>,
    }),
    put: (entry: StoredObject) =>
      transaction(entry.version, () => put.run(entry.table, entry.namespace, entry.name, entry.json)),
    remove: (entry, version) => transaction(version, () => remove.run(entry.table, entry.namespace, entry.name)),
    close: () => database.close(),
  }
}
