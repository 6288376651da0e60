/** What dhcp keeps of its configuration. Types only. */

/** Parsed by ADD and CHECK alone; DEL needs to know whom to tell, and no more. */
export interface DhcpPluginConfig {
  readonly input: unknown;
}
