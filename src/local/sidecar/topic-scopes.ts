import type { Component } from './component.ts'

/** Which topics of a pub/sub component an app may publish to and subscribe to (dapr pkg/scopes, pkg/runtime/pubsub/adapter.go). */
export interface TopicScopes {
  mayPublish(topic: string): boolean
  maySubscribe(topic: string): boolean
}

const list = (value: string | undefined): string[] => (value ? value.replaceAll(' ', '').split(',') : [])

/** `app1=t1,t2;app2=`: the topics of one app; empty when it is not named, `['']` when it is named with none. */
function scoped(value: string | undefined, appId: string): string[] {
  const entries = (value ?? '').replaceAll(' ', '').split(';')
  return entries.flatMap(entry => {
    const [app, topics] = entry.split('=')
    return app === appId && topics !== undefined ? topics.split(',') : []
  })
}

export function topicScopes(component: Component, appId: string): TopicScopes {
  const allowed = list(component.get('allowedTopics'))
  const guarded = list(component.get('protectedTopics'))
  const rule = (scopes: string[]) => (topic: string) => {
    if (allowed.length > 0 && !allowed.includes(topic)) return false
    if (!guarded.includes(topic) && scopes.length === 0) return true
    return scopes.includes(topic)
  }
  return {
    mayPublish: rule(scoped(component.get('publishingScopes'), appId)),
    maySubscribe: rule(scoped(component.get('subscriptionScopes'), appId)),
  }
}
