import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inSpan } from './kube/tracing.ts'
import { exportTraces } from './traces.ts'

interface SentSpan {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  attributes: { key: string; value: { stringValue: string } }[]
}

test('a reconcile and its calls reach the collector as one trace', async () => {
  const bodies: string[] = []
  const collector = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    bodies.push(`${request.url} ${body}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>(resolve => collector.listen(0, '127.0.0.1', resolve))
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  try {
    const end = exportTraces('1.2.3')
    await inSpan('reconcile', { 'reconcile.key': 'todo/todo' }, async () => {
      await new Promise(resolve => setImmediate(resolve))
      await inSpan('apply Secret', {}, async () => {})
    })
    await end()
  } finally {
    delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT']
    collector.close()
  }
  expect(bodies).toHaveLength(1)
  expect(bodies[0]).toMatch(/^\/v1\/traces /)
  const [{ resource, scopeSpans }] = JSON.parse(bodies[0]!.slice('/v1/traces '.length)).resourceSpans
  expect(resource.attributes).toContainEqual({ key: 'service.version', value: { stringValue: '1.2.3' } })
  const [call, reconcile] = scopeSpans[0].spans as [SentSpan, SentSpan]
  expect(call.name).toBe('apply Secret')
  expect(call.traceId).toBe(reconcile.traceId)
  expect(call.parentSpanId).toBe(reconcile.spanId)
  expect(reconcile.attributes).toContainEqual({ key: 'reconcile.key', value: { stringValue: 'todo/todo' } })
})
