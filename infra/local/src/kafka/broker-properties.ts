/** One node that is broker and controller: services enter by SCRAM, agencies by a token of the issuer. */
export interface BrokerSettings {
  /** `host:port` to listen on, and as clients reach it. */
  internal: { bind: string; advertised: string };
  agency: { bind: string; advertised: string };
  controller: string;
  logDirectory: string;
  brokerPassword: string;
  controllerPassword: string;
  issuerUrl: string;
}

export function jwksUrl(issuerUrl: string): string {
  return `${issuerUrl}/jwks`;
}

export function brokerProperties(settings: BrokerSettings): string {
  const { internal, agency, controller } = settings;
  const login = 'org.apache.kafka.common.security';
  return lines({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${controller}`,
    listeners: `INTERNAL://${internal.bind},AGENCY://${agency.bind},CONTROLLER://${controller}`,
    'advertised.listeners': `INTERNAL://${internal.advertised},AGENCY://${agency.advertised}`,
    'listener.security.protocol.map': 'INTERNAL:SASL_PLAINTEXT,AGENCY:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
    'sasl.mechanism.controller.protocol': 'PLAIN',

    'listener.name.internal.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.internal.scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required username="broker" password="${settings.brokerPassword}";`,

    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required username="controller" password="${settings.controllerPassword}" user_controller="${settings.controllerPassword}";`,

    'listener.name.agency.sasl.enabled.mechanisms': 'OAUTHBEARER',
    'listener.name.agency.oauthbearer.sasl.jaas.config': `${login}.oauthbearer.OAuthBearerLoginModule required;`,
    'listener.name.agency.oauthbearer.sasl.server.callback.handler.class': `${login}.oauthbearer.OAuthBearerValidatorCallbackHandler`,
    'listener.name.agency.oauthbearer.sasl.oauthbearer.jwks.endpoint.url': jwksUrl(settings.issuerUrl),
    'listener.name.agency.oauthbearer.sasl.oauthbearer.expected.audience': 'kafka',
    'listener.name.agency.oauthbearer.sasl.oauthbearer.expected.issuer': settings.issuerUrl,
    // An agency's connection ends with its token, at the latest after a minute: a revoked agency is soon out.
    'listener.name.agency.connections.max.reauth.ms': '60000',

    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:broker;User:controller;User:admin',
    'allow.everyone.if.no.acl.found': 'false',
    'auto.create.topics.enable': 'false',

    'log.dirs': settings.logDirectory,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '6',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // After a kill the new broker waits until the old one's session ends; the default of 9 s is most of that outage.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
  });
}

function lines(settings: Record<string, string>): string {
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}`)
    .join('\n')}\n`;
}
