import { rememberVerified } from './verified.ts'

const user = { id: 'anna', roles: [], isOperator: false }

test('a token is known for a minute, and never after it has expired', () => {
  let now = 1_000_000
  const known = rememberVerified(() => now)
  known.set('long', user, now + 3_600_000)
  known.set('short', user, now + 5_000)
  expect([known.get('long'), known.get('short'), known.get('other')]).toEqual([user, user, undefined])
  now += 5_000
  expect(known.get('short')).toBeUndefined()
  expect(known.get('long')).toBe(user)
  now += 55_000
  expect(known.get('long')).toBeUndefined()
})

test('no more than a thousand are kept, the newest', () => {
  const known = rememberVerified(() => 0)
  for (let n = 0; n < 1_500; n++) known.set(`token-${n}`, user, 60_000)
  expect(known.get('token-499')).toBeUndefined()
  expect(known.get('token-500')).toBe(user)
  expect(known.get('token-1499')).toBe(user)
})
