// Command daprd is Dapr's sidecar with the components of components.go: pkg/runtime, started as cmd/daprd/app of the
// same version starts it. That package itself cannot be imported, because it registers every component there is.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	bindings "github.com/dapr/dapr/pkg/components/bindings"
	configuration "github.com/dapr/dapr/pkg/components/configuration"
	conversation "github.com/dapr/dapr/pkg/components/conversation"
	crypto "github.com/dapr/dapr/pkg/components/crypto"
	lock "github.com/dapr/dapr/pkg/components/lock"
	middleware "github.com/dapr/dapr/pkg/components/middleware/http"
	resolvers "github.com/dapr/dapr/pkg/components/nameresolution"
	pubsub "github.com/dapr/dapr/pkg/components/pubsub"
	secrets "github.com/dapr/dapr/pkg/components/secretstores"
	state "github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
	"go.opencensus.io/stats/view"
)

var log = logger.NewLogger("dapr.runtime")

func main() {
	opts, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatalf("daprd: flags: %v", err)
	}
	if opts.RuntimeVersion {
		fmt.Println(buildinfo.Version())
		return
	}
	opts.Logger.SetAppID(opts.AppID)
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		log.Fatal(err)
	}
	registerComponents()
	contrib := logger.NewLogger("dapr.contrib")
	secrets.DefaultRegistry.Logger = contrib
	state.DefaultRegistry.Logger = contrib
	crypto.DefaultRegistry.Logger = contrib
	configuration.DefaultRegistry.Logger = contrib
	lock.DefaultRegistry.Logger = contrib
	pubsub.DefaultRegistry.Logger = contrib
	resolvers.DefaultRegistry.Logger = contrib
	bindings.DefaultRegistry.Logger = contrib
	conversation.DefaultRegistry.Logger = contrib
	middleware.DefaultRegistry.Logger = log
	if err := serve(signals.Context(), opts); err != nil {
		log.Fatalf("daprd: %v", err)
	}
}

// serve runs the sidecar until ctx is done or its shutdown is asked for over HTTP.
func serve(ctx context.Context, opts *options.Options) error {
	health := healthz.New()
	provider, err := security.New(ctx, security.Options{
		SentryAddress:           opts.SentryAddress,
		ControlPlaneTrustDomain: opts.ControlPlaneTrustDomain,
		ControlPlaneNamespace:   opts.ControlPlaneNamespace,
		TrustAnchors:            opts.TrustAnchors,
		AppID:                   opts.AppID,
		MTLSEnabled:             opts.EnableMTLS,
		Mode:                    modes.DaprMode(opts.Mode),
		Healthz:                 health,
		JwtAudiences:            opts.SentryRequestJwtAudiences,
	})
	if err != nil {
		return err
	}
	return concurrency.NewRunnerManager(provider.Run, func(ctx context.Context) error {
		handler, err := provider.Handler(ctx)
		if err != nil {
			return err
		}
		sidecar, err := runtime.FromConfig(ctx, configOf(opts, health, handler))
		if err != nil {
			return err
		}
		return sidecar.Run(ctx)
	}).Run(ctx)
}

func configOf(opts *options.Options, health healthz.Healthz, handler security.Handler) *runtime.Config {
	return &runtime.Config{
		ActorsDisseminationTimeout:    opts.ActorsDisseminationTimeout,
		ActorsService:                 opts.ActorsService,
		AllowedOrigins:                opts.AllowedOrigins,
		AppBindingOptionsTimeout:      opts.AppBindingOptionsTimeout,
		AppChannelAddress:             opts.AppChannelAddress,
		AppHealthCheckPath:            opts.AppHealthCheckPath,
		AppHealthProbeInterval:        opts.AppHealthProbeInterval,
		AppHealthProbeTimeout:         opts.AppHealthProbeTimeout,
		AppHealthThreshold:            opts.AppHealthThreshold,
		AppID:                         opts.AppID,
		AppMaxConcurrency:             opts.AppMaxConcurrency,
		AppProtocol:                   opts.AppProtocol,
		AppSSL:                        opts.AppSSL,
		ApplicationPort:               opts.AppPort,
		ComponentsPath:                opts.ComponentsPath,
		Config:                        opts.Config,
		ControlPlaneAddress:           opts.ControlPlaneAddress,
		DaprAPIGRPCPort:               opts.DaprAPIGRPCPort,
		DaprAPIListenAddresses:        opts.DaprAPIListenAddresses,
		DaprBlockShutdownDuration:     opts.DaprBlockShutdownDuration,
		DaprGracefulShutdownSeconds:   opts.DaprGracefulShutdownSeconds,
		DaprHTTPPort:                  opts.DaprHTTPPort,
		DaprInternalGRPCListenAddress: opts.DaprInternalGRPCListenAddress,
		DaprInternalGRPCPort:          opts.DaprInternalGRPCPort,
		DaprPublicListenAddress:       opts.DaprPublicListenAddress,
		DaprPublicPort:                opts.DaprPublicPort,
		DisableBuiltinK8sSecretStore:  opts.DisableBuiltinK8sSecretStore,
		DisableInitEndpoints:          opts.DisableInitEndpoints,
		EnableAPILogging:              opts.EnableAPILogging,
		EnableAppHealthCheck:          opts.EnableAppHealthCheck,
		EnableMTLS:                    opts.EnableMTLS,
		EnableProfiling:               opts.EnableProfiling,
		Healthz:                       health,
		HotReloadReconcileInterval:    opts.HotReloadReconcileInterval,
		MaxRequestSize:                opts.MaxRequestSize,
		Metrics: metrics.Options{
			Enabled:       opts.Metrics.Enabled(),
			Healthz:       health,
			ListenAddress: opts.Metrics.ListenAddress(),
			Log:           log,
			Meter:         view.NewMeter(),
			Namespace:     metrics.DefaultMetricNamespace,
			Port:          opts.Metrics.Port(),
		},
		Mode:           opts.Mode,
		ProfilePort:    opts.ProfilePort,
		ReadBufferSize: opts.ReadBufferSize,
		Registry: registry.NewOptions().
			WithBindings(bindings.DefaultRegistry).
			WithConfigurations(configuration.DefaultRegistry).
			WithConversations(conversation.DefaultRegistry).
			WithCryptoProviders(crypto.DefaultRegistry).
			WithHTTPMiddlewares(middleware.DefaultRegistry).
			WithLocks(lock.DefaultRegistry).
			WithNameResolutions(resolvers.DefaultRegistry).
			WithPubSubs(pubsub.DefaultRegistry).
			WithSecretStores(secrets.DefaultRegistry).
			WithStateStores(state.DefaultRegistry),
		RemindersService: opts.RemindersService,
		ResourcesPath:    opts.ResourcesPath,
		SchedulerAddress: opts.SchedulerAddress,
		SchedulerStreams: opts.SchedulerJobStreams,
		Security:         handler,
		SentryAddress:    opts.SentryAddress,
		UnixDomainSocket: opts.UnixDomainSocket,
	}
}
