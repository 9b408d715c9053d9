import fc from 'fast-check'
import { internalDiff, internalValue } from './internal.ts'
import { unifiedDiff } from './unified-diff.ts'

test('an internal value has all fields of its type in their order', () => {
  expect(JSON.stringify(internalValue({ port: 80, protocol: 'TCP' }, 'ServicePort'))).toBe(
    '{"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
  )
  const { SecurityContext, Volumes } = internalValue(
    { hostNetwork: true, volumes: [{ name: 'v', emptyDir: {} }] },
    'PodSpec',
  )
  expect(SecurityContext).toMatchObject({ HostNetwork: true, HostPID: false })
  expect(Volumes).toMatchObject([{ Name: 'v', EmptyDir: { Medium: '' }, HostPath: null }])
})

test('a difference shows what was and what is, with three lines around it', () => {
  const before = { containers: [{ name: 'c', image: 'i' }] }
  const after = { containers: [{ name: 'c', image: 'i', command: ['x'] }] }
  expect(internalDiff(before, before, 'PodSpec')).toBe('')
  expect(internalDiff(before, after, 'PodSpec')).toMatch(
    /^@@ -5,7 \+5,9 @@\n {3}\{\n.*\n.*\n- {3}"Command": null,\n\+ {3}"Command": \[\n\+ {4}"x"\n\+ {3}\],\n/,
  )
})

test('what a diff keeps and removes is the old text, what it keeps and adds the new one', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 }).map(all => all.join('\n'))
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const shown = unifiedDiff(before, after).split('\n').slice(1, -1)
      const side = (sign: string) => shown.filter(line => line.startsWith(' ') || line.startsWith(sign))
      if (before === after) expect(shown).toEqual([])
      // So short a text is one hunk whenever nothing is left out of it.
      else if (
        shown.filter(line => line.startsWith('@@')).length === 0 &&
        side('-').length === before.split('\n').length
      ) {
        expect(
          side('-')
            .map(line => line.slice(1))
            .join('\n'),
        ).toBe(before)
        expect(
          side('+')
            .map(line => line.slice(1))
            .join('\n'),
        ).toBe(after)
      }
    }),
  )
})
