/** `/v1.0/jobs` (and alpha1): dapr pkg/api/http/jobs.go. */
import { DaprError, jobs as errors } from './errors.ts'
import { type ApiRequest, BodyTooLarge, json, noContent, type Reply, readJson } from './http.ts'
import { type JobOwner, readJob } from './job.ts'
import type { JobScheduler } from './scheduler.ts'

async function bodyOf(request: ApiRequest): Promise<unknown> {
  try {
    return await readJson(request)
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error
    throw new DaprError(400, 'ERR_BODY_READ', `failed to read request body: ${error.message}`)
  }
}

export async function scheduleJob(
  jobs: JobScheduler,
  owner: JobOwner,
  request: ApiRequest,
  name: string,
): Promise<Reply> {
  const { spec, overwrite } = readJob(await bodyOf(request), owner)
  jobs.schedule(owner, name, spec, overwrite)
  return noContent
}

export function getJob(jobs: JobScheduler, owner: JobOwner, name: string): Reply {
  const spec = jobs.get(owner, name)
  if (spec === undefined) throw errors.notFound(owner, name)
  const { data, ...rest } = spec
  // The data is a protobuf Any, and protojson prints a well-known type inside it under `value`.
  const any = 'data' in spec ? { data: { '@type': 'type.googleapis.com/google.protobuf.Value', value: data } } : {}
  return json({ name, ...rest, ...any })
}

export function deleteJob(jobs: JobScheduler, owner: JobOwner, name: string): Reply {
  jobs.delete(owner, name)
  return noContent
}
