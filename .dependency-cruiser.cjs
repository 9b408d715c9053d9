// The rooms import one way only (see docs/architecture.md); a new arrow needs a reason and an ADR.
const room = path => `^${path}/`
const forbid = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to })
module.exports = {
  forbidden: [
    forbid('no-circular', {}, { circular: true }, 'a cycle means two files are one idea'),
    forbid(
      'contracts-import-nothing',
      { path: room('src/contracts') },
      { path: '^(src|controller|test)/', pathNot: room('src/contracts') },
      'contracts are the bottom',
    ),
    forbid(
      'kit-imports-contracts',
      { path: room('src/kit') },
      { path: '^(src|controller|test)/', pathNot: '^src/(kit|contracts)/' },
      'kit knows no service',
    ),
    forbid(
      'services-import-kit',
      { path: room('src/services') },
      { path: '^(src|controller|test)/', pathNot: '^src/(services|kit|contracts|web)/' },
      'services know neither the place nor the operator',
    ),
    forbid(
      'services-are-separate',
      { path: '^src/services/([^/]+)/' },
      { path: '^src/services/([^/]+)/', pathNot: '^src/services/$1/' },
      'services meet through events and HTTP',
    ),
    forbid(
      'kube-imports-nothing',
      { path: room('controller/kube') },
      { path: '^(src|controller|test)/', pathNot: room('controller/kube') },
      'the runtime could be published alone',
    ),
    forbid(
      'platform-imports',
      { path: room('controller/platform') },
      { path: '^(src|controller|test)/', pathNot: '^(controller/(kube|platform)|src/contracts)/' },
      'the reconciler knows contracts and the runtime',
    ),
    forbid(
      'local-imports',
      { path: room('src/local') },
      { path: '^(src|controller|test)/', pathNot: '^(src/(local|contracts)|controller/kube)/' },
      'the embedded place knows no service',
    ),
    forbid(
      'nobody-imports-local',
      { path: '^(src|controller)/', pathNot: '^src/(local|cli)/|\\.test\\.ts$' },
      { path: room('src/local') },
      'nothing may know the place it runs in',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    exclude: { path: '\\.test\\.tsx?$' },
  },
}
