import { dump } from 'js-yaml'
import { crdOf } from '../platform/crd.ts'
import { GROUP, PLURAL } from '../platform/names.ts'
import { platformSchema } from '../platform/schema.ts'
import { declareType } from './typescript.ts'

/** Path → text of what is generated from the schema of TodoEventPlatform. */
export function platformFiles(header: string, release: string): Record<string, string> {
  const { spec, status } = platformSchema.properties!
  return {
    [`crds/${GROUP}_${PLURAL}.yaml`]: `# ${header}\n${dump(crdOf(release), { noRefs: true, lineWidth: 140 })}`,
    'src/contracts/generated/platform.ts': `// ${header}\n${declareType('PlatformSpec', spec!)}\n${declareType('PlatformStatus', status!)}`,
  }
}
