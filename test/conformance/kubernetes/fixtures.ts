/** The custom resources of the tables: one namespaced kind with a rich schema, and one of the cluster. */
import { get, type JsonObject, post, type Step } from './row.ts'

const spec: JsonObject = {
  type: 'object',
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 100 },
    price: { type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 10, exclusiveMaximum: true },
    even: { type: 'integer', multipleOf: 2 },
    small: { type: 'integer', format: 'int32' },
    name: { type: 'string', minLength: 2, maxLength: 8, pattern: '^[a-z]+$' },
    mode: { type: 'string', enum: ['on', 'off'], default: 'on' },
    at: { type: 'string', format: 'date-time' },
    day: { type: 'string', format: 'date' },
    uid: { type: 'string', format: 'uuid' },
    mail: { type: 'string', format: 'email' },
    url: { type: 'string', format: 'uri' },
    host: { type: 'string', format: 'hostname' },
    four: { type: 'string', format: 'ipv4' },
    cidr: { type: 'string', format: 'cidr' },
    bytes: { type: 'string', format: 'byte' },
    length: { type: 'string', format: 'duration' },
    flag: { type: 'boolean' },
    maybe: { type: 'string', nullable: true },
    maybeDefault: { type: 'string', nullable: true, default: 'd' },
    port: { 'x-kubernetes-int-or-string': true },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 3, minItems: 1, 'x-kubernetes-list-type': 'set' },
    plain: { type: 'array', items: { type: 'string', maxLength: 3 } },
    parts: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string' },
          count: { type: 'integer', default: 1 },
          colour: { type: 'string' },
        },
      },
    },
    pairs: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['host', 'port'],
      items: {
        type: 'object',
        required: ['host'],
        properties: { host: { type: 'string' }, port: { type: 'integer', default: 80 }, note: { type: 'string' } },
      },
    },
    labels: { type: 'object', additionalProperties: { type: 'string', maxLength: 5 }, maxProperties: 2 },
    limits: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'integer' } },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    nested: {
      type: 'object',
      required: ['must'],
      properties: {
        must: { type: 'string' },
        deep: { type: 'object', properties: { level: { type: 'integer', default: 7 } } },
      },
    },
    defaulted: {
      type: 'object',
      default: { a: 'x' },
      properties: { a: { type: 'string' }, b: { type: 'integer', default: 2 } },
    },
    either: {
      type: 'object',
      properties: { left: { type: 'string' }, right: { type: 'string' } },
      oneOf: [{ required: ['left'] }, { required: ['right'] }],
    },
    notBad: { type: 'string', not: { enum: ['bad'] } },
    any: { type: 'string', anyOf: [{ minLength: 5 }, { pattern: '^x' }] },
    embedded: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
    replicas: { type: 'integer' },
    // Rules: the specification of CEL in CRDs.
    low: { type: 'integer' },
    high: { type: 'integer' },
    fixed: {
      type: 'string',
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'fixed is fixed' }],
    },
    word: {
      type: 'string',
      maxLength: 20,
      'x-kubernetes-validations': [
        { rule: "self.startsWith('w')", messageExpression: "'word must start with w, not ' + self.substring(0, 1)" },
        { rule: "self != 'wrong'", message: 'is the wrong word', reason: 'FieldValueForbidden' },
      ],
    },
    sum: {
      type: 'array',
      maxItems: 5,
      items: { type: 'integer' },
      'x-kubernetes-validations': [{ rule: 'self.all(x, x > 0)' }],
    },
    rated: {
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'integer' } },
      'x-kubernetes-validations': [
        { rule: 'has(self.a) || has(self.b)', message: 'a or b', fieldPath: '.a', reason: 'FieldValueRequired' },
      ],
    },
    grows: {
      type: 'integer',
      'x-kubernetes-validations': [
        { rule: 'oldSelf.hasValue() ? self >= oldSelf.value() : self > 0', message: 'only up', optionalOldSelf: true },
      ],
    },
    quantity: {
      type: 'string',
      maxLength: 20,
      'x-kubernetes-validations': [
        { rule: "isQuantity(self) && quantity(self).isGreaterThan(quantity('1Mi'))", message: 'more than 1Mi' },
      ],
    },
    address: {
      type: 'string',
      maxLength: 50,
      'x-kubernetes-validations': [{ rule: "isURL(self) && url(self).getScheme() == 'https'", message: 'https only' }],
    },
    matched: {
      type: 'string',
      maxLength: 20,
      'x-kubernetes-validations': [{ rule: "self.matches('^[0-9]{3}$')", message: 'three digits' }],
    },
  },
  'x-kubernetes-validations': [
    { rule: '!has(self.low) || !has(self.high) || self.low <= self.high', message: 'low must not be above high' },
  ],
}

const status: JsonObject = {
  type: 'object',
  properties: {
    replicas: { type: 'integer' },
    selector: { type: 'string' },
    phase: { type: 'string', enum: ['Good', 'Bad'] },
    observedGeneration: { type: 'integer', format: 'int64' },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        required: ['type', 'status'],
        properties: {
          type: { type: 'string' },
          status: { type: 'string' },
          reason: { type: 'string' },
          lastTransitionTime: { type: 'string', format: 'date-time' },
        },
      },
    },
  },
}

export const widgetDefinition: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.conformance.example.com' },
  spec: {
    group: 'conformance.example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'], categories: ['all', 'todo'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A widget of the tables.',
            properties: { spec, status, extra: { type: 'string' } },
          },
        },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        selectableFields: [{ jsonPath: '.spec.mode' }, { jsonPath: '.spec.size' }],
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size', description: 'How large' },
          { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'Tags', type: 'string', jsonPath: '.spec.tags', priority: 1 },
          { name: 'Flag', type: 'boolean', jsonPath: '.spec.flag' },
          { name: 'When', type: 'date', jsonPath: '.spec.at' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      },
      {
        name: 'v1beta1',
        served: true,
        storage: false,
        deprecated: true,
        deprecationWarning: 'v1beta1 is old',
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
      {
        name: 'v0',
        served: false,
        storage: false,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}

/** No status sub-resource, no scale: everything but metadata counts as spec. */
export const gadgetDefinition: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.conformance.example.com' },
  spec: {
    group: 'conformance.example.com',
    scope: 'Cluster',
    names: { plural: 'gadgets', kind: 'Gadget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: { type: 'object', properties: { text: { type: 'string' } } },
              status: { type: 'object', properties: { text: { type: 'string' } } },
            },
          },
        },
      },
    ],
  },
}

const established = (body: JsonObject): boolean =>
  ((body['status'] as JsonObject | undefined)?.['conditions'] as JsonObject[] | undefined)?.some(
    each => each['type'] === 'Established' && each['status'] === 'True',
  ) ?? false

/** Installs a definition and waits until its resources are served. */
export const install = (definition: JsonObject): Step[] => {
  const { name } = definition['metadata'] as { name: string }
  const { group, names, versions } = definition['spec'] as {
    group: string
    names: { plural: string }
    versions: { name: string; storage: boolean }[]
  }
  const version = versions.find(each => each.storage)!.name
  return [
    post('customresourcedefinitions', definition),
    get(`customresourcedefinitions/${name}`, { until: established }),
    get(`/apis/${group}/${version}/${names.plural}`, { until: (_, status) => status === 200 }),
  ].map(step => ({ ...step, silent: true as const }))
}

/** Once, before all tables. */
export const fixtures: readonly Step[] = [...install(widgetDefinition), ...install(gadgetDefinition)]
