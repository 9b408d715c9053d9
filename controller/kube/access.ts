import { KubeError, type Rule } from './errors.ts'
import { readJson } from './lines.ts'
import type { Transport } from './transport.ts'

interface Review {
  status?: { allowed?: boolean }
}

/**
 * Asks the server whether RBAC is why a request was forbidden (SelfSubjectAccessReview, which everyone may create), and
 * says so in words that can be acted on. Quotas, admission and terminating namespaces answer 403 as well: those keep
 * their own message. Never rejects: without an answer the original error stands.
 */
export async function explainForbidden(transport: Transport, error: KubeError, rule: Rule): Promise<KubeError> {
  let review: Review
  try {
    const answer = await transport({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: {
          resourceAttributes: {
            group: rule.apiGroup,
            resource: rule.resource.split('/')[0],
            ...(rule.resource.includes('/') && { subresource: rule.resource.split('/')[1] }),
            verb: rule.verb,
            ...(rule.namespace && { namespace: rule.namespace }),
          },
        },
      },
    })
    review = (await readJson(answer.body)) as Review
  } catch {
    return error
  }
  if (review.status?.allowed !== false) return error
  const where = rule.namespace ? `in namespace ${rule.namespace}` : 'in the whole cluster'
  const explained = new KubeError(
    'Forbidden',
    `not allowed to ${rule.verb} ${rule.resource} ${where}: its role lacks the rule ` +
      `{apiGroups: ["${rule.apiGroup}"], resources: ["${rule.resource}"], verbs: ["${rule.verb}"]}`,
    error.retry,
    error.status,
    error,
  )
  explained.rule = rule
  return explained
}
