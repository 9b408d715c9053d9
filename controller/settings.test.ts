import { jest } from '@jest/globals'
import { parseSettings } from './settings.ts'

const parse = (...flags: string[]) => parseSettings(['node', 'controller', ...flags], '0.1.0')

test('without flags, pods are asked directly, for a canary every ten seconds', () => {
  expect(parse()).toMatchObject({ probe: 'direct', canarySeconds: 10, leaderElection: true, namespaces: [] })
})

test('flags set what they say', () => {
  expect(
    parse('--probe', 'none', '--canary-seconds', '30', '--namespaces', 'a,b', '--no-leader-election'),
  ).toMatchObject({
    probe: 'none',
    canarySeconds: 30,
    namespaces: ['a', 'b'],
    leaderElection: false,
  })
})

test.each([
  ['--probe', 'sometimes'],
  ['--canary-seconds', '0'],
  ['--canary-seconds', 'often'],
])('%s %s ends the controller with a line that names both', (flag, value) => {
  const exit = jest.spyOn(process, 'exit').mockImplementation((code): never => {
    throw new Error(`exit ${code}`)
  })
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    expect(() => parse(flag, value)).toThrow('exit 1')
    expect(said.mock.calls.join('')).toMatch(new RegExp(`${flag}.*'${value}'`))
  } finally {
    exit.mockRestore()
    said.mockRestore()
  }
})
