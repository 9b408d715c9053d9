import type { KubeClient } from './client.ts'
import { isKubeError, KubeError } from './errors.ts'
import type { Kind, KubeObject } from './objects.ts'

export interface Scope {
  kind: Kind
  namespace?: string
  labelSelector?: string
}

export interface Listed {
  objects: KubeObject[]
  resourceVersion: string
}

interface Page {
  items?: KubeObject[]
  metadata?: { resourceVersion?: string; continue?: string }
}

/**
 * A consistent list in pages (resourceVersion unset: no older than the moment it is asked for). A list that lasts longer
 * than the server keeps its snapshot answers 410 in the middle: it begins again, unpaged, as client-go's pager does.
 * `keep` says what is held of an object while the others arrive.
 */
export async function listAll(
  client: KubeClient,
  scope: Scope,
  pageSize: number,
  signal: AbortSignal,
  keep: (object: KubeObject) => KubeObject | undefined = object => object,
): Promise<Listed> {
  const objects: KubeObject[] = []
  let token: string | undefined
  for (;;) {
    let page: Page
    try {
      page = await readPage(client, scope, { limit: String(pageSize), ...(token && { continue: token }) }, signal)
    } catch (error) {
      if (!token || !isKubeError(error, 'Expired')) throw error
      page = await readPage(client, scope, {}, signal)
      objects.length = 0
    }
    // Items of a list carry no apiVersion and kind of their own for built-in kinds; those of a watch do.
    for (const item of page.items ?? []) {
      const kept = keep({ ...item, ...scope.kind })
      if (kept) objects.push(kept)
    }
    token = page.metadata?.continue
    if (!token) return { objects, resourceVersion: page.metadata!.resourceVersion! }
  }
}

/** Where the server is now, at the price of one small page. */
export async function currentVersion(client: KubeClient, scope: Scope, signal: AbortSignal): Promise<string> {
  return (await readPage(client, scope, { limit: '1' }, signal)).metadata!.resourceVersion!
}

async function readPage(
  client: KubeClient,
  { kind, namespace, labelSelector }: Scope,
  parameters: Record<string, string>,
  signal: AbortSignal,
): Promise<Page> {
  const query = { ...parameters, ...(labelSelector && { labelSelector }) }
  const page = (await client.list(kind, namespace, query, signal)) as Page
  // A body cut by a proxy may still read as an answer; taken for a list it would empty the cache.
  if (!page.metadata?.resourceVersion)
    throw new KubeError('Unreachable', `list of ${kind.kind}: the answer is no list`, 'backoff')
  return page
}
