import { guessType } from './guess-type.ts'

test.each([
  ['plain', 'text/plain; charset=utf-8'],
  ['{"json": true}', 'text/plain; charset=utf-8'],
  ['grüße', 'text/plain; charset=utf-8'],
  ['\n  <!DOCTYPE html><p>', 'text/html; charset=utf-8'],
  ['<?xml version="1.0"?>', 'text/xml; charset=utf-8'],
  ['%PDF-1.7', 'application/pdf'],
  ['a\u0000b', 'application/octet-stream'],
])('%j is taken for %s', (text, type) => {
  expect(guessType(Buffer.from(text))).toBe(type)
})
