/** Tests, and what only tests use, may start the local stack. */
const TESTS = '(\\.test\\.ts$|/src/testing/)';

/** Every rule carries its reason; `npm run lint` enforces them. */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A cycle means two modules are one: nobody can read, test or replace either alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'libs-know-no-service',
      comment: 'A library that imports a service cannot be used by another one.',
      severity: 'error',
      from: { path: '^libs/', pathNot: TESTS },
      to: { path: '^(services|infra|test)/' },
    },
    {
      name: 'services-meet-over-kafka',
      comment: 'Services share contracts and events, never code: each can be deployed, restarted and replaced alone.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'services-know-no-stack',
      comment: 'The local stack starts services; a service that knew it could run nowhere else.',
      severity: 'error',
      from: { path: '^services/', pathNot: TESTS },
      to: { path: '^(infra|test)/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'decide and evolve are functions of their arguments: no framework, no database, no clock, no network.',
      severity: 'error',
      from: { path: '^services/[^/]+/src/domain/', pathNot: TESTS },
      to: { pathNot: '^(services/[^/]+/src/domain/|libs/(contracts|decision)/)' },
    },
    {
      name: 'decision-is-pure',
      comment:
        'Delivery decides by it, and whoever looks back or tries a policy out must get the same answer from the same facts: no clock, no database, no framework.',
      severity: 'error',
      from: { path: '^libs/decision/', pathNot: TESTS },
      to: { pathNot: '^libs/(decision|contracts)/' },
    },
    {
      name: 'contracts-stand-alone',
      comment: 'Contracts are what everybody agrees on; they may lean on zod and on nothing of ours.',
      severity: 'error',
      from: { path: '^libs/contracts/', pathNot: TESTS },
      to: { path: '^libs/(?!contracts/)' },
    },
    {
      name: 'vault-and-log-know-no-transport',
      comment: 'Keys and proofs are checked offline; they must not need a broker or a web framework.',
      severity: 'error',
      from: { path: '^libs/(vault|merkle-log|log-verifier)/', pathNot: TESTS },
      to: { path: 'node_modules/(@nestjs|kafkajs|@platformatic)' },
    },
    {
      name: 'verifier-trusts-no-writer',
      comment: 'A verifier that shared code with the writer would share its mistakes.',
      severity: 'error',
      from: { path: '^libs/log-verifier/', pathNot: TESTS },
      to: { path: '^libs/merkle-log/' },
    },
    {
      name: 'kafka-through-messaging',
      comment: 'One place knows the Kafka clients, so that one place holds their traps; agencies use the SDK.',
      severity: 'error',
      from: { path: '^services/', pathNot: TESTS },
      to: { path: 'node_modules/(kafkajs|@platformatic/kafka)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default'] },
  },
};
