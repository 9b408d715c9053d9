import fc from 'fast-check'
import { Cache, type Change } from './cache.ts'
import type { KubeObject } from './objects.ts'
import { WIDGET, widget } from './test-support.ts'

const dying = (name: string, version: number, finalizers: string[]): KubeObject => {
  const object = widget(name, version)
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-03-01T10:00:00Z', finalizers } }
}
const anew = (name: string, version: number): KubeObject => {
  const object = widget(name, version)
  return { ...object, metadata: { ...object.metadata, uid: 'another' } }
}
/** A cache that holds `a@5` and `b@6` from a list. */
function filled() {
  const cache = new Cache()
  const changes: string[] = []
  cache.replace(WIDGET, [widget('a', 5), widget('b', 6)], { mark: cache.mark(), resourceVersion: '6' })
  cache.onChange((object: KubeObject, change: Change) => changes.push(`${change} ${object.metadata.name}`))
  const held = (): string[] =>
    cache
      .list(WIDGET)
      .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)
      .sort()
  const relist = (version: number, objects: KubeObject[], mark = cache.mark()): void =>
    cache.replace(WIDGET, objects, { mark, resourceVersion: String(version) })
  return { cache, changes, held, relist }
}

test('an event from before our own write does not hide it; the echo of the write is no news', () => {
  const { cache, held, changes } = filled()
  cache.wrote(widget('a', 9))
  cache.upsert(widget('a', 7))
  cache.upsert(widget('a', 9))
  expect([held(), changes]).toEqual([['a@9', 'b@6'], ['echo a']])
  cache.upsert(widget('a', 10))
  expect(held()).toEqual(['a@10', 'b@6'])
})

test('a list that was asked for before our create and our delete undoes neither', () => {
  const { cache, held, relist } = filled()
  const mark = cache.mark()
  cache.wrote(widget('new', 9))
  cache.wroteDelete(widget('a', 5))
  relist(7, [widget('a', 5), widget('b', 7)], mark)
  expect(held()).toEqual(['b@7', 'new@9'])
})

test('a list that knows our write, or was asked for after it, is the truth about it', () => {
  const { cache, held, relist } = filled()
  const mark = cache.mark()
  cache.wrote(widget('new', 9))
  relist(12, [widget('b', 6)], mark)
  expect(held()).toEqual(['b@6'])
  cache.wrote(widget('newer', 20))
  relist(3, [widget('b', 2)])
  expect(held()).toEqual(['b@2'])
})

test('what we deleted stays gone through late events of it, but its successor is seen', () => {
  const { cache, held, changes } = filled()
  cache.wroteDelete(widget('a', 5))
  cache.upsert(widget('a', 8))
  expect([held(), changes]).toEqual([['b@6'], ['echo a']])
  cache.upsert(anew('a', 9))
  cache.remove(widget('a', 8))
  expect(held()).toEqual(['a@9', 'b@6'])
})

test('the answer of a write that comes after the object was seen to be gone does not bring it back', () => {
  const { cache, held } = filled()
  cache.remove(widget('a', 8))
  cache.wrote(widget('a', 7))
  expect(held()).toEqual(['b@6'])
  // It had only left the selection of the watch: a newer write of ours brings it back in.
  cache.wrote(widget('a', 9))
  expect(held()).toEqual(['a@9', 'b@6'])
})

test('a write that removes the last finalizer of a dying object ends it', () => {
  const { cache, held } = filled()
  cache.wrote(dying('a', 8, ['one']))
  expect(held()).toEqual(['a@8', 'b@6'])
  cache.wrote(dying('a', 9, []))
  expect(held()).toEqual(['b@6'])
})

test('versions that are no numbers are taken as they come', () => {
  const { cache, held } = filled()
  cache.upsert(widget('a', 'x9'))
  cache.upsert(widget('a', 'x1'))
  expect(held()).toEqual(['a@x1', 'b@6'])
})

test('several namespaces of a kind do not speak for one another', () => {
  const cache = new Cache()
  const other = { ...widget('z', 3), metadata: { ...widget('z', 3).metadata, namespace: 'other' } }
  cache.replace(WIDGET, [widget('a', 1)], { namespace: 'a', mark: 0, resourceVersion: '5' })
  cache.replace(WIDGET, [other], { namespace: 'other', mark: 0, resourceVersion: '5' })
  expect(cache.size(WIDGET)).toBe(2)
  const mark = cache.mark()
  cache.wrote(widget('new', 9))
  cache.advanced(WIDGET, '20', 'other')
  cache.replace(WIDGET, [widget('a', 1)], { namespace: 'a', mark, resourceVersion: '8' })
  expect(cache.get(WIDGET, 'a', 'new')).toBeDefined()
})

test('what is found is frozen through and through, and projected', () => {
  const cache = new Cache({
    project: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata, deep: { kept: [1] } }),
  })
  cache.wrote(widget('a', 1, { spec: { large: true } }))
  const found = cache.get(WIDGET, 'a', 'a')!
  expect(found['spec']).toBeUndefined()
  expect(() => found['deep'].kept.push(2)).toThrow(TypeError)
  expect(() => {
    found.metadata.name = 'b'
  }).toThrow(TypeError)
})

test('an index finds exactly what a scan would, after any changes', () => {
  const color = ({ spec }: KubeObject): string[] => spec?.colors ?? []
  const change = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    colors: fc.uniqueArray(fc.constantFrom('red', 'green', 'blue'), { maxLength: 2 }),
    how: fc.constantFrom('upsert', 'remove', 'wrote', 'relist'),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), changes => {
      const cache = new Cache({ indexes: { color } })
      changes.forEach(({ name, colors, how }, index) => {
        const object = widget(name, index + 1, { spec: { colors } })
        if (how === 'relist')
          cache.replace(WIDGET, [object], { mark: cache.mark(), resourceVersion: String(index + 1) })
        else if (how === 'remove') cache.remove(object)
        else if (how === 'wrote') cache.wrote(object)
        else cache.upsert(object)
      })
      for (const value of ['red', 'green', 'blue'])
        expect(new Set(cache.byIndex('color', value))).toEqual(
          new Set(cache.list(WIDGET, object => color(object).includes(value))),
        )
    }),
  )
})

test('late news of what had a name before do not come back when we made and deleted another of that name', () => {
  const cache = new Cache()
  const before = { ...widget('a', 1), metadata: { ...widget('a', 1).metadata, uid: 'before' } }
  const ours = { ...widget('a', 3), metadata: { ...widget('a', 3).metadata, uid: 'ours' } }
  cache.wrote(ours)
  cache.wroteDelete(ours)
  cache.upsert(before)
  expect(cache.list(WIDGET)).toEqual([])
})

test('events of one history, with our writes let in at any moment: the cache never goes back behind a write and ends at the truth', () => {
  const operation = fc.record({
    name: fc.constantFrom('a', 'b'),
    mine: fc.boolean(),
    remove: fc.boolean(),
    early: fc.nat(3),
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 25 }), operations => {
      const cache = new Cache()
      const truth = new Map<string, KubeObject>()
      const pending: (() => void)[] = []
      const floor = new Map<string, number>()
      let version = 0
      for (const { name, mine, remove, early } of operations) {
        version += 1
        const held = truth.get(name)
        const uid = held?.metadata.uid ?? `uid-${version}`
        const object = { ...widget(name, version), metadata: { ...widget(name, version).metadata, uid } }
        if (remove && held) {
          truth.delete(name)
          pending.push(() => cache.remove(object))
          if (mine) cache.wroteDelete(object)
        } else if (!remove) {
          truth.set(name, object)
          pending.push(() => cache.upsert(object))
          if (mine) {
            cache.wrote(object)
            floor.set(name, version)
          }
        }
        for (const deliver of pending.splice(0, early)) deliver()
        const now = Number(cache.get(WIDGET, 'a', name)?.metadata.resourceVersion ?? Number.POSITIVE_INFINITY)
        expect(now).toBeGreaterThanOrEqual(floor.get(name) ?? 0)
      }
      for (const deliver of pending) deliver()
      expect(new Map(cache.list(WIDGET).map(object => [object.metadata.name, object]))).toEqual(truth)
    }),
    { numRuns: 500 },
  )
})

test('in another history the same version is another state, and what was gone may be there', () => {
  const { cache, held, changes } = filled()
  const [a, b] = [widget('a', 5, { spec: 'other' }), widget('b', 6)]
  cache.replace(WIDGET, [a, b], { mark: cache.mark(), resourceVersion: '6' })
  expect(changes).toEqual([])
  cache.remove(widget('b', 9))
  cache.replace(WIDGET, [a, b], { mark: cache.mark(), resourceVersion: '6', anew: true })
  expect(cache.get(WIDGET, 'a', 'a')!['spec']).toBe('other')
  expect(changes).toEqual(['remove b', 'upsert a', 'upsert b'])
  cache.wrote(widget('b', 7))
  expect(held()).toEqual(['a@5', 'b@7'])
})
