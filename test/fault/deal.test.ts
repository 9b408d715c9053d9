import { Deal } from './deal.ts'

const NAMES = ['a/none/1', 'b/none/1', 'a/storm/1', 'c/none/1', 'a/storm/2', 'b/none/2']

test('each worker stays with a scenario while there is some left, and each schedule is dealt once', () => {
  const deal = new Deal(NAMES)
  const dealt = [0, 1, 1, 0, 0, 1, 0].map(worker => deal.next(worker))
  expect(dealt).toEqual(['a/none/1', 'b/none/1', 'b/none/2', 'a/storm/1', 'a/storm/2', 'c/none/1', undefined])
})

test('whoever has nothing left helps another', () => {
  const deal = new Deal(['a/none/1', 'a/none/2', 'b/none/1', 'a/none/3'])
  expect([deal.next(0), deal.next(1), deal.next(1), deal.next(0), deal.next(1)]).toEqual([
    'a/none/1',
    'b/none/1',
    'a/none/2',
    'a/none/3',
    undefined,
  ])
})
