import pg from 'pg'
import { EXIT, Exit } from '../exit.ts'

/** Works with a database, and closes the connection whatever happens. @throws Exit TEP5022 when it cannot be reached */
export async function withDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'tep' })
  // A connection that breaks fails the query under way, too.
  client.on('error', () => {})
  await client.connect().catch((error: Error) => {
    throw new Exit('TEP5022', EXIT.usage, `the database at ${addressOf(url)} cannot be reached: ${error.message}`)
  })
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Where it is, without what opens it. */
export function addressOf(url: string): string {
  const { host, pathname } = URL.parse(url) ?? { host: 'an address that is no URL', pathname: '' }
  return host + pathname
}
