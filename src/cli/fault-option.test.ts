import { faultsIn, USUAL_FAULTS } from './fault-option.ts'

test.each([
  [USUAL_FAULTS, { duplicates: 0.05, reorder: 0.02, lostReplies: 0.01 }],
  ['duplicates=.5', { duplicates: 0.5, reorder: 0, lostReplies: 0 }],
  [' lost-replies=0 , reorder=0.25', { duplicates: 0, reorder: 0.25, lostReplies: 0 }],
])('%s', (text, faults) => {
  expect(faultsIn(text)).toEqual(faults)
})

test.each([
  ['losses=0.1', "'losses=0.1' is no fault: use duplicates=0.05,"],
  ['toString=0.1', "'toString=0.1' is no fault"],
  ['', "'' is no fault"],
  ['duplicates', "duplicates is a probability from 0 to 0.5, not ''"],
  ['duplicates=0.6', "not '0.6'"],
  ['duplicates=-1', "not '-1'"],
  ['duplicates=1e-1', "not '1e-1'"],
  ['duplicates=0.1=0.2', 'is no fault'],
])('%j is refused with what would do', (text, message) => {
  expect(() => faultsIn(text)).toThrow(message)
})
