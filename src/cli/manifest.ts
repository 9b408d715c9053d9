import { existsSync, readFileSync } from 'node:fs'
import { loadAll } from 'js-yaml'
import type { KubeObject } from '../../controller/kube/objects.ts'
import { API_VERSION, KIND } from '../contracts/platform/names.ts'
import { EXIT, Exit } from './exit.ts'

export type Manifest = KubeObject

export const PLATFORM = { apiVersion: API_VERSION, kind: KIND }

/** Every object of a YAML file. @throws Exit TEP5005 when there is no such file, or it is no YAML */
export function readManifests(file: string): KubeObject[] {
  if (!existsSync(file)) throw new Exit('TEP5005', EXIT.usage, `there is no file ${file}`)
  try {
    return (loadAll(readFileSync(file, 'utf8'), { filename: file }) as (KubeObject | null)[]).filter(
      object => object !== null,
    )
  } catch (error) {
    throw new Exit('TEP5005', EXIT.usage, `${file} is no YAML: ${(error as Error).message.split('\n')[0]}`)
  }
}

/** The platform of a manifest. @throws Exit TEP5005 when there is none */
export function platformIn(manifests: KubeObject[], file: string): KubeObject {
  const platform = manifests.find(object => object.kind === PLATFORM.kind)
  if (!platform?.metadata?.name) throw new Exit('TEP5005', EXIT.usage, `${file} holds no TodoEventPlatform`)
  return platform
}
