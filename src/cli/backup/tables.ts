export interface Table {
  /** Quoted, with its schema. */
  name: string
  /** All but those that PostgreSQL computes. */
  columns: string[]
  /** Tables its foreign keys lead to. */
  after: string[]
}

/** Ordinary tables of ours, of the services and of Dapr's state store; what migrations ran is in the header. */
export const TABLES = `
SELECT format('%I.%I', n.nspname, c.relname) AS name,
  ARRAY(SELECT attname::text FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum) AS columns,
  ARRAY(SELECT DISTINCT format('%I.%I', fn.nspname, f.relname) FROM pg_constraint k
    JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
    WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid) AS after
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND format('%I.%I', n.nspname, c.relname) <> 'public.schema_migrations'
ORDER BY 1`

/** Tables after those they refer to, else by name. @throws Error when tables refer to each other in a circle */
export function inOrder(tables: readonly Table[]): Table[] {
  const ordered: Table[] = []
  const done = new Set<string>()
  let left = [...tables]
  while (left.length > 0) {
    const ready = left.filter(({ after }) => after.every(name => done.has(name)))
    if (ready.length === 0) throw new Error(`tables refer to each other: ${left.map(({ name }) => name).join(', ')}`)
    ordered.push(...ready)
    for (const { name } of ready) done.add(name)
    left = left.filter(({ name }) => !done.has(name))
  }
  return ordered
}
