// Generated from src/contracts by `make generate`; do not edit.
/** What is wanted. */
export interface PlatformSpec {
  /** Development or Production: picks defaults; see status.effective. */
  profile?: 'Development' | 'Production'
  /** Release of the services; set: pinned, omitted: follows the operator. */
  version?: string
  /** True: nothing is written but status. */
  suspend?: boolean
  /** What becomes of topics, Kafka and database volumes when this resource goes. */
  deletionPolicy?: 'Delete' | 'Retain'
  /** Where events are kept. Exactly one provider; the choice is for good. */
  kafka: {
    /** Prefix of topics, users and groups on a shared Kafka. */
    prefix?: string
    /** A Kafka run by Strimzi: the one described here, or one that exists (clusterRef). */
    strimzi?: {
      /** A Kafka resource that exists already. */
      clusterRef?: {
        /** Name of the Kafka resource. */
        name: string
        /** Its namespace; default: that of this resource. */
        namespace?: string
      }
      /** Kafka version, such as 4.3.1; default: the operator’s. */
      version?: string
      /** The broker nodes; without controllers they are controllers too. */
      brokers?: {
        /** Number of nodes. */
        replicas?: number
        /** The volume of one node. */
        storage?: {
          /** Size of the volume, such as 100Gi. */
          size: string
          /** StorageClass; default: the cluster’s. */
          class?: string
        }
        /** Requests and limits, as in a container. */
        resources?: {
          /** Guaranteed amounts by resource name. */
          requests?: Record<string, unknown>
          /** Upper bounds by resource name. */
          limits?: Record<string, unknown>
        }
      }
      /** Dedicated controller nodes. */
      controllers?: {
        /** Number of nodes; odd. */
        replicas?: number
        /** The volume of one node. */
        storage?: {
          /** Size of the volume, such as 100Gi. */
          size: string
          /** StorageClass; default: the cluster’s. */
          class?: string
        }
        /** Requests and limits, as in a container. */
        resources?: {
          /** Guaranteed amounts by resource name. */
          requests?: Record<string, unknown>
          /** Upper bounds by resource name. */
          limits?: Record<string, unknown>
        }
      }
      /** Node label that names the rack or zone. */
      rackTopologyKey?: string
      /** Broker configuration, passed through; options that Strimzi manages itself are refused. */
      config?: Record<string, unknown>
    }
    /** Topics and users through the Redpanda operator. */
    redpanda?: {
      /** A Redpanda resource that exists already. */
      clusterRef: {
        /** Name of the Redpanda resource. */
        name: string
        /** Its namespace; default: that of this resource. */
        namespace?: string
      }
    }
    /** Any Kafka reached over the network: Redpanda Cloud, Confluent Cloud, MSK, your own. */
    external?: {
      /** host:port of the first brokers to ask. */
      bootstrapServers: string[]
      /** How clients prove who they are. */
      authentication?: {
        /** Mechanism. */
        type: 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'PLAIN' | 'mTLS' | 'None'
        /** User that all apps share, unless userSecretRefs names one for each. */
        username?: string
        /** The password. */
        passwordSecretRef?: {
          /** Name of the Secret. */
          name: string
          /** Key in the Secret. */
          key: string
        }
        /** Secret of type kubernetes.io/tls. */
        certificateSecretRef?: {
          /** Name of the Secret. */
          name: string
        }
      }
      /** One credential for each app-id: Secrets with username and password. */
      userSecretRefs?: Record<string, {
        /** Name of the Secret. */
        name: string
      }>
      /** Encryption. */
      tls?: {
        /** Whether connections are encrypted. */
        enabled?: boolean
        /** The CA, where it is not a public one. */
        caSecretRef?: {
          /** Name of the Secret. */
          name: string
          /** Key in the Secret. */
          key: string
        }
      }
      /** Managed: created through the admin API. Assumed: only checked. */
      topics?: 'Managed' | 'Assumed'
    }
  }
  /** Topics to change or to add; the standard ones exist without being listed. */
  topics?: {
    /** Name, without prefix. */
    name: string
    /** Number of partitions; it can only grow. */
    partitions?: number
    /** Copies of each partition. */
    replicas?: number
    /** How long events are kept, such as 168h. */
    retention?: string
    /** Topic configuration, passed through. */
    config?: Record<string, unknown>
  }[]
  /** Your own consumers, beside the built-in ones. */
  subscriptions?: {
    /** Its Dapr app-id. */
    app: string
    /** Topic, without prefix. */
    topic: string
    /** Route that receives the events. */
    path: string
    /** Routes by content; the first match wins. */
    rules?: {
      /** CEL expression over `event`. */
      match: string
      /** Route. */
      path: string
    }[]
    /** Whether events that keep failing go to a topic of their own. */
    deadLetter?: boolean
  }[]
  /** Where tasks are kept: any PostgreSQL by its URI, or a CloudNativePG cluster. */
  database: {
    /** Secret with the connection URI. */
    secretRef?: {
      /** Name of the Secret. */
      name: string
      /** Key in the Secret. */
      key: string
    }
    /** A cluster of CloudNativePG. */
    cloudnativepg?: {
      /** Number of servers. */
      instances?: number
      /** The volume of one node. */
      storage?: {
        /** Size of the volume, such as 100Gi. */
        size: string
        /** StorageClass; default: the cluster’s. */
        class?: string
      }
      /** Backups: to an object store through the Barman Cloud plugin, or as snapshots of the volumes. */
      backup?: {
        /** Cron expression of five fields, or of six with seconds first. */
        schedule: string
        /** Where in the object store, such as s3://backups/todo; without it, volume snapshots. */
        destinationPath?: string
        /** Address of an S3-compatible store that is not Amazon’s. */
        endpointUrl?: string
        /** Secret with ACCESS_KEY_ID and ACCESS_SECRET_KEY; default: the pods’ own identity. */
        objectStoreSecretRef?: {
          /** Name of the Secret. */
          name: string
        }
        /** How long backups are kept, such as 30d. */
        retention?: string
      }
    }
  }
  /** The event services; the same keys for each. */
  services?: {
    /** One event service. */
    backend?: {
      /** Whether it runs. */
      enabled?: boolean
      /** Number of pods; not used with autoscaling. */
      replicas?: number
      /** Scale on consumer lag. */
      autoscaling?: {
        /** Fewest pods. */
        min?: number
        /** Most pods; capped at the number of partitions. */
        max: number
        /** Events of lag for each pod. */
        lagThreshold?: number
      }
      /** Requests learned from what the pods used, by a VerticalPodAutoscaler; with autoscaling of memory only, for CPU is what that goes by. */
      verticalAutoscaling?: {
        /** How recommendations are applied; Off only shows them. Default: InPlaceOrRecreate. */
        mode?: 'InPlaceOrRecreate' | 'Recreate' | 'Initial' | 'Off'
        /** Most to request, by cpu and memory; the container’s limits hold as well. */
        maxAllowed?: Record<string, unknown>
      }
      /** Requests and limits, as in a container. */
      resources?: {
        /** Guaranteed amounts by resource name. */
        requests?: Record<string, unknown>
        /** Upper bounds by resource name. */
        limits?: Record<string, unknown>
      }
      /** Verbosity. */
      logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error'
    }
    /** One event service. */
    recurring?: {
      /** Whether it runs. */
      enabled?: boolean
      /** Number of pods; not used with autoscaling. */
      replicas?: number
      /** Scale on consumer lag. */
      autoscaling?: {
        /** Fewest pods. */
        min?: number
        /** Most pods; capped at the number of partitions. */
        max: number
        /** Events of lag for each pod. */
        lagThreshold?: number
      }
      /** Requests learned from what the pods used, by a VerticalPodAutoscaler; with autoscaling of memory only, for CPU is what that goes by. */
      verticalAutoscaling?: {
        /** How recommendations are applied; Off only shows them. Default: InPlaceOrRecreate. */
        mode?: 'InPlaceOrRecreate' | 'Recreate' | 'Initial' | 'Off'
        /** Most to request, by cpu and memory; the container’s limits hold as well. */
        maxAllowed?: Record<string, unknown>
      }
      /** Requests and limits, as in a container. */
      resources?: {
        /** Guaranteed amounts by resource name. */
        requests?: Record<string, unknown>
        /** Upper bounds by resource name. */
        limits?: Record<string, unknown>
      }
      /** Verbosity. */
      logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error'
    }
    /** One event service. */
    notification?: {
      /** Whether it runs. */
      enabled?: boolean
      /** Number of pods; not used with autoscaling. */
      replicas?: number
      /** Scale on consumer lag. */
      autoscaling?: {
        /** Fewest pods. */
        min?: number
        /** Most pods; capped at the number of partitions. */
        max: number
        /** Events of lag for each pod. */
        lagThreshold?: number
      }
      /** Requests learned from what the pods used, by a VerticalPodAutoscaler; with autoscaling of memory only, for CPU is what that goes by. */
      verticalAutoscaling?: {
        /** How recommendations are applied; Off only shows them. Default: InPlaceOrRecreate. */
        mode?: 'InPlaceOrRecreate' | 'Recreate' | 'Initial' | 'Off'
        /** Most to request, by cpu and memory; the container’s limits hold as well. */
        maxAllowed?: Record<string, unknown>
      }
      /** Requests and limits, as in a container. */
      resources?: {
        /** Guaranteed amounts by resource name. */
        requests?: Record<string, unknown>
        /** Upper bounds by resource name. */
        limits?: Record<string, unknown>
      }
      /** Verbosity. */
      logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error'
    }
    /** One event service. */
    audit?: {
      /** Whether it runs. */
      enabled?: boolean
      /** Number of pods; not used with autoscaling. */
      replicas?: number
      /** Scale on consumer lag. */
      autoscaling?: {
        /** Fewest pods. */
        min?: number
        /** Most pods; capped at the number of partitions. */
        max: number
        /** Events of lag for each pod. */
        lagThreshold?: number
      }
      /** Requests learned from what the pods used, by a VerticalPodAutoscaler; with autoscaling of memory only, for CPU is what that goes by. */
      verticalAutoscaling?: {
        /** How recommendations are applied; Off only shows them. Default: InPlaceOrRecreate. */
        mode?: 'InPlaceOrRecreate' | 'Recreate' | 'Initial' | 'Off'
        /** Most to request, by cpu and memory; the container’s limits hold as well. */
        maxAllowed?: Record<string, unknown>
      }
      /** Requests and limits, as in a container. */
      resources?: {
        /** Guaranteed amounts by resource name. */
        requests?: Record<string, unknown>
        /** Upper bounds by resource name. */
        limits?: Record<string, unknown>
      }
      /** Verbosity. */
      logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error'
    }
    /** One event service. */
    realtime?: {
      /** Whether it runs. */
      enabled?: boolean
      /** Number of pods; not used with autoscaling. */
      replicas?: number
      /** Scale on consumer lag. */
      autoscaling?: {
        /** Fewest pods. */
        min?: number
        /** Most pods; capped at the number of partitions. */
        max: number
        /** Events of lag for each pod. */
        lagThreshold?: number
      }
      /** Requests learned from what the pods used, by a VerticalPodAutoscaler; with autoscaling of memory only, for CPU is what that goes by. */
      verticalAutoscaling?: {
        /** How recommendations are applied; Off only shows them. Default: InPlaceOrRecreate. */
        mode?: 'InPlaceOrRecreate' | 'Recreate' | 'Initial' | 'Off'
        /** Most to request, by cpu and memory; the container’s limits hold as well. */
        maxAllowed?: Record<string, unknown>
      }
      /** Requests and limits, as in a container. */
      resources?: {
        /** Guaranteed amounts by resource name. */
        requests?: Record<string, unknown>
        /** Upper bounds by resource name. */
        limits?: Record<string, unknown>
      }
      /** Verbosity. */
      logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error'
    }
    /** One event service. */
    analytics?: {
      /** Whether it runs. */
      enabled?: boolean
      /** Number of pods; not used with autoscaling. */
      replicas?: number
      /** Scale on consumer lag. */
      autoscaling?: {
        /** Fewest pods. */
        min?: number
        /** Most pods; capped at the number of partitions. */
        max: number
        /** Events of lag for each pod. */
        lagThreshold?: number
      }
      /** Requests learned from what the pods used, by a VerticalPodAutoscaler; with autoscaling of memory only, for CPU is what that goes by. */
      verticalAutoscaling?: {
        /** How recommendations are applied; Off only shows them. Default: InPlaceOrRecreate. */
        mode?: 'InPlaceOrRecreate' | 'Recreate' | 'Initial' | 'Off'
        /** Most to request, by cpu and memory; the container’s limits hold as well. */
        maxAllowed?: Record<string, unknown>
      }
      /** Requests and limits, as in a container. */
      resources?: {
        /** Guaranteed amounts by resource name. */
        requests?: Record<string, unknown>
        /** Upper bounds by resource name. */
        limits?: Record<string, unknown>
      }
      /** Verbosity. */
      logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error'
    }
    /** One event service. */
    web?: {
      /** Whether it runs. */
      enabled?: boolean
      /** Number of pods; not used with autoscaling. */
      replicas?: number
      /** Scale on consumer lag. */
      autoscaling?: {
        /** Fewest pods. */
        min?: number
        /** Most pods; capped at the number of partitions. */
        max: number
        /** Events of lag for each pod. */
        lagThreshold?: number
      }
      /** Requests learned from what the pods used, by a VerticalPodAutoscaler; with autoscaling of memory only, for CPU is what that goes by. */
      verticalAutoscaling?: {
        /** How recommendations are applied; Off only shows them. Default: InPlaceOrRecreate. */
        mode?: 'InPlaceOrRecreate' | 'Recreate' | 'Initial' | 'Off'
        /** Most to request, by cpu and memory; the container’s limits hold as well. */
        maxAllowed?: Record<string, unknown>
      }
      /** Requests and limits, as in a container. */
      resources?: {
        /** Guaranteed amounts by resource name. */
        requests?: Record<string, unknown>
        /** Upper bounds by resource name. */
        limits?: Record<string, unknown>
      }
      /** Verbosity. */
      logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error'
    }
  }
  /** For every pod of the platform. */
  podTemplate?: {
    /** Secrets to pull images with. */
    imagePullSecrets?: {
      /** Name of the Secret. */
      name: string
    }[]
    /** Labels a node must have. */
    nodeSelector?: Record<string, string>
    /** Taints to tolerate. */
    tolerations?: Record<string, unknown>[]
    /** Affinity, as in a pod. */
    affinity?: Record<string, unknown>
    /** PriorityClass. */
    priorityClassName?: string
    /** Labels to add. */
    labels?: Record<string, string>
    /** Annotations to add; those of Dapr and of confinement are the platform’s own. */
    annotations?: Record<string, string>
  }
  /** Names of earlier todo platforms. */
  legacy?: {
    /** Render their pubsub and topics too, and subscribe to them. */
    enabled?: boolean
  }
  /** Dapr sidecars. */
  dapr?: {
    /** Verbosity of the sidecars. */
    logLevel?: 'debug' | 'info' | 'warn' | 'error'
    /** Traces. */
    tracing?: {
      /** OTLP endpoint, host:port. */
      endpoint?: string
      /** Share of traces kept, 0 to 1. */
      samplingRatio?: number
    }
    /** Whether apps and sidecars prove themselves to each other by token. */
    apiToken?: boolean
  }
  /** Who may sign in. Development without an issuer gets a built-in one. */
  auth?: {
    /** OpenID Connect issuer. */
    issuer?: string
    /** Audience the tokens must name. */
    audience?: string
    /** The web app as a client of the issuer: public, authorization code with PKCE, redirect to the address of the web app. Without it the web app signs nobody in. */
    clientId?: string
    /** Keys; default: found through the issuer. */
    jwksUri?: string
    /** Claim with the roles. */
    rolesClaim?: string
    /** Role that sees the console. */
    operatorRole?: string
  }
  /** How reminders leave the platform. */
  notifications?: {
    /** Secret with url and from. */
    smtpSecretRef?: {
      /** Name of the Secret. */
      name: string
    }
    /** Secret with publicKey, privateKey and subject. */
    vapidSecretRef?: {
      /** Name of the Secret. */
      name: string
    }
    /** Hosts that webhooks of users may call; `*` stands for every public one. */
    webhookAllowedHosts?: string[]
  }
  /** A language model behind the chat, by an API like OpenAI’s or by a Dapr component; without it messages are read by their words. */
  chat?: {
    /** Name of a Dapr conversation component in this namespace, with backend-service among its scopes. */
    component?: string
    /** Address of the API, e.g. https://models.example.com/v1. */
    baseUrl?: string
    /** Name of the model. */
    model?: string
    /** Secret with apiKey. */
    apiKeySecretRef?: {
      /** Name of the Secret. */
      name: string
    }
  }
  /** The way in. */
  ingress?: {
    /** Host name. */
    host?: string
    /** IngressClass. */
    className?: string
    /** Secret of type kubernetes.io/tls. */
    tlsSecretName?: string
    /** Annotations of the Ingress or HTTPRoute, for its controller. */
    annotations?: Record<string, string>
    /** A Gateway instead of an Ingress. */
    gatewayRef?: {
      /** Name. */
      name: string
      /** Namespace. */
      namespace?: string
    }
  }
  /** Network policies: nothing but what the platform needs. Default in Production. */
  networkPolicy?: {
    /** Whether they are rendered. */
    enabled?: boolean
    /** Namespaces whose pods may reach the web service; default: all. */
    ingressNamespaces?: string[]
    /** Namespaces whose pods may read metrics; default: pods of Prometheus anywhere. */
    monitoringNamespaces?: string[]
  }
  /** Monitors and alerts for the Prometheus operator. Default in Production. */
  monitoring?: {
    /** Whether they are rendered. */
    enabled?: boolean
  }
}

/** What is. */
export interface PlatformStatus {
  /** Generation of the spec that this status is about. */
  observedGeneration?: number
  /** Token of the last reconcile asked for by annotation. */
  lastHandledReconcileAt?: string
  /** Aspects of the platform. */
  conditions?: {
    /** Which aspect. */
    type: string
    /** Whether it is so. */
    status: 'True' | 'False' | 'Unknown'
    /** One word. */
    reason: string
    /** For people. */
    message: string
    /** When the status changed last. */
    lastTransitionTime: string
    /** Generation of the spec this is about. */
    observedGeneration?: number
  }[]
  /** The spec with the defaults in force. */
  effective?: Record<string, unknown>
  /** Every part, and why one waits. */
  components?: {
    /** Kind. */
    kind: string
    /** Name. */
    name: string
    /** Whether it is ready. */
    ready: boolean
    /** One word. */
    reason?: string
    /** For people. */
    message?: string
  }[]
  /** Addresses. */
  endpoints?: {
    /** The web app. */
    web?: string
    /** The API. */
    api?: string
    /** The MCP server. */
    mcp?: string
  }
  /** The Kafka in use. */
  kafka?: {
    /** Addresses. */
    bootstrapServers?: string
    /** Version. */
    version?: string
  }
  /** How many services are ready. */
  services?: {
    /** ready/wanted */
    ready?: string
  }
  /** Release of the services in force. */
  version?: string
  /** Every child, for pruning and deletion. */
  inventory?: {
    /** API group. */
    group?: string
    /** Kind. */
    kind: string
    /** Namespace. */
    namespace?: string
    /** Name. */
    name: string
  }[]
}
