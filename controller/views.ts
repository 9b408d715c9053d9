import { timingSafeEqual } from 'node:crypto'
import { type PlatformView, viewPath, viewToken } from '../src/contracts/platform-view.ts'
import { decide, type World } from './platform/decide.ts'
import { SECRETS } from './platform/names.ts'
import { observeChildren } from './platform/observe.ts'
import { KINDS } from './platform/platform.ts'
import { platformOf } from './platform/project.ts'
import { type Operator, viewOf } from './platform/view.ts'

/** @param authorization the header; @returns undefined for whoever may not know, be the platform there or not */
export type AnswerView = (path: string, authorization: string | undefined) => PlatformView | undefined

/** Answers the consoles of platforms from what is in the cache: nothing is asked of the API server, nothing is written. */
export const createViews =
  (world: World, crdMissing: () => Operator['crdMissing'] = () => undefined): AnswerView =>
  (path, authorization) => {
    const [, namespace = '', name = ''] = /^\/platforms\/([^/?]+)\/([^/?]+)$/.exec(path) ?? []
    const cached = world.cache.get(KINDS.platform, namespace, name)
    const token = world.cache.get(KINDS.secret, namespace, SECRETS.daprTokens(name))?.['data']?.token
    if (!cached || typeof token !== 'string' || path !== viewPath(namespace, name)) return undefined
    const expected = `Bearer ${viewToken(Buffer.from(token, 'base64').toString('utf8'))}`
    if (!isSame(authorization ?? '', expected)) return undefined
    const platform = platformOf(cached)
    return viewOf(platform, decide(world, platform), observeChildren(world.cache, platform), {
      version: world.settings.version,
      crdMissing: crdMissing(),
    })
  }

const isSame = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
