/** What a person reads about each reason of the catalogue: why it comes, and what to do. Pure; no call of a runtime loads it. */
import { type Reason, reasons } from './error';

/** Why a reason comes, most frequent first, and what to do, in order. */
export interface ErrorPage {
  readonly causes: readonly string[];
  readonly fixes: readonly string[];
}

/** A page with what the catalogue knows of its reason. */
export type KnownPage = ErrorPage & ReturnType<typeof reasons>[number];

const pages: Readonly<Record<Reason, ErrorPage>> = {
  VersionIncompatible: {
    causes: [
      '"cniVersion" names a version that Braid does not speak.',
      'The verb is younger than "cniVersion": CHECK needs 0.4.0, GC and STATUS need 1.1.0.',
    ],
    fixes: ['Take one of the versions that `braid version` lists. 1.0.0 suits every runtime of today.'],
  },
  FieldUnsupported: {
    causes: ['A key would change what the pod gets, and Braid does not have it. It is refused, never ignored.'],
    fixes: [
      'Remove the key, if you can do without it.',
      'Or let the reference plugin do that network: `"externalDelegates": ["bridge"]` in the configuration of type braid.',
    ],
  },
  ContainerUnknown: {
    causes: [
      'Nothing is recorded for this container on this node: it was never attached here, or is detached already.',
    ],
    fixes: ['Nothing is to be cleaned up. For CHECK, delete the pod: its network was not made by Braid.'],
  },
  EnvironmentInvalid: {
    causes: [
      'A CNI_* variable is missing or has characters that the CNI specification forbids.',
      'The executable was called by hand.',
    ],
    fixes: ['Call it as README.md shows under "Without a cluster", or let the runtime call it.'],
  },
  IoFailed: {
    causes: [
      'A file could not be read or written: no space, no permission, a read-only mount, a file where a directory should be.',
      'Another call held a lock for too long.',
    ],
    fixes: [
      'Look at the path and the error that the message names: `df -h`, `mount`, `ls -ld`.',
      'State lies below /var/lib/cni: that must be writable and on a local disk.',
    ],
  },
  DecodeFailed: {
    causes: [
      'The configuration is no JSON: a comment, a comma too many, typographic quotes, a value wrapped in quotes, or a byte order mark.',
      'A manifest is no YAML: tabs, or a bracket left open.',
    ],
    fixes: ['Go to the line and column that the message names. `braid lint FILE` shows all places at once.'],
  },
  ConfigInvalid: {
    causes: [
      'A key of the configuration has a value that cannot be used.',
      'The default network is missing: neither "delegates" nor "clusterNetwork".',
    ],
    fixes: ['The message names key, value and what is right. docs/configuration.md has every key.'],
  },
  NetnsSame: {
    causes: ["CNI_NETNS leads to the node's own namespace: a pod with hostNetwork, or a wrong path."],
    fixes: ["Nothing is to be attached to the node itself. Check how the runtime makes the pod's namespace."],
  },
  PodUnavailable: {
    causes: [
      'Nobody tells the annotations of the pod: the runtime does not hand them over, and neither the agent nor the API server answers.',
      'Its network is not known on this node, and may be new: the agent, which knows the newest ones, is away or has lost the API server.',
    ],
    fixes: [
      'It is tried again by itself. If that lasts: check the API server and the agent, `kubectl -n kube-system get pods`.',
      'Declare the capability `io.kubernetes.cri.pod-annotations` in the configuration: containerd and CRI-O then hand the annotations over.',
    ],
  },
  NotReady: {
    causes: [
      'A pod could not be attached now: a master is missing, a range is full, the default network has not made its file yet.',
    ],
    fixes: ['The message says what is missing. The runtime asks again by itself.'],
  },
  LimitedConnectivity: {
    causes: ['STATUS: a delegate answered with code 51, so pods that run may have lost connectivity.'],
    fixes: ['See what the delegate says in the message, and its log.'],
  },
  NetnsMissing: {
    causes: ['The sandbox of the pod ended before or while it was attached.'],
    fixes: ['Nothing: the runtime makes a new sandbox.'],
  },
  MasterMissing: {
    causes: [
      'The link that a network names as "master" is not on this node.',
      'A "match" fits no link, or more than one.',
    ],
    fixes: [
      '`ip link` on the node tells what is there. Names differ between nodes: `"master": {"match": {"subnet": …}}` finds the link by what it is.',
    ],
  },
  MasterConflict: {
    causes: [
      'Two networks of the pod cannot live on one master: macvlan and ipvlan, ipvlan in two modes, one VLAN id twice.',
      'The master is a port of a bridge or a bond.',
    ],
    fixes: ['Give one of them another master, or make both of one kind.'],
  },
  LinkExists: {
    causes: ['The pod has an interface of that name already.', 'All names for the host end are taken.'],
    fixes: ['Ask for another name: `network@name` in the annotation, or "interface".'],
  },
  LinkMissing: {
    causes: ['Somebody removed an interface between two steps, or since it was attached.'],
    fixes: [
      'Delete the pod; it is made again whole. Find who removes links: a network manager that takes over every link is the usual one.',
    ],
  },
  LinkUnsuitable: {
    causes: ['A link of the wanted name is of another kind, down, or without the setting that the network needs.'],
    fixes: ['Rename or remove that link, or name another one. `ip -d link show NAME` tells what it is.'],
  },
  PoolExhausted: {
    causes: [
      'Every address of the range is reserved on this node.',
      'Reservations of pods that are gone were left by another plugin.',
    ],
    fixes: [
      '`braid gc --dry-run` shows what belongs to nobody, `braid gc` frees it.',
      'Enlarge the range, or add a second one to "ranges".',
    ],
  },
  AddressTaken: {
    causes: [
      'The address or MAC that was asked for is held by another pod, or by a machine on the network that answered the probe.',
    ],
    fixes: ['The message names the holder. Ask for another address, or delete that pod.'],
  },
  AddressMissing: {
    causes: [
      'The IPAM plugin gave no address where the delegate needs one: type static without addresses, and none in the annotation.',
    ],
    fixes: [
      'Put the address into "ipam", or let each pod ask for its own: "ips" in the annotation.',
      'For a layer 2 network without addresses leave "ipam" out.',
    ],
  },
  AddressConflict: {
    causes: ['The bridge has another address than the gateway of this network.'],
    fixes: ['Use the subnet that the bridge has, another bridge, or "forceAddress": true, which replaces the address.'],
  },
  DelegateMissing: {
    causes: [
      '"type" names a plugin that is neither built in nor in a plugin directory: it is misspelt, or not installed.',
      '"externalDelegates" wants a program for a type that is built in.',
    ],
    fixes: [
      'The message names the type that was probably meant, and the directories that were searched.',
      'Fix "type", or install the plugin there. `braid lint FILE` finds misspelt types before a pod does.',
    ],
  },
  DelegateFailed: {
    causes: ['A foreign plugin ended with an error; its own message and code are in this one.'],
    fixes: ['The message is that of the plugin. Its standard error is in the log of Braid.'],
  },
  DelegateTimeout: {
    causes: ['A foreign plugin did not end in time.'],
    fixes: ['See what it waits for: its own API server, its daemon, a lock. "delegateTimeout" sets the limit.'],
  },
  ResultInvalid: {
    causes: ['A foreign plugin printed what is no CNI result of the version it was asked in.'],
    fixes: ['Update the plugin. Called by hand with the same configuration it shows what it prints.'],
  },
  AnnotationInvalid: {
    causes: [
      "The pod's networks annotation cannot be read, or has a misspelt or unusable field.",
      'Of `braid lint`: its key is misspelt, it is no text, it stands where no pod gets it, or the pod has hostNetwork.',
    ],
    fixes: [
      'The message names the element and the field. `braid plan POD.yaml` shows what the annotation means.',
      'A Deployment has it in spec.template.metadata.annotations, in quotes.',
    ],
  },
  NetworkMissing: {
    causes: [
      'No NetworkAttachmentDefinition of that name is in that namespace.',
      'The pod names a network of another namespace without its prefix.',
    ],
    fixes: ['`kubectl get net-attach-def -A` lists them. In the annotation: `namespace/name`.'],
  },
  NetworkInvalid: {
    causes: [
      'The definition of the network cannot be used: its spec.config is no JSON, has no "type", or an empty list of plugins.',
      'spec.config is an object in place of text, or called otherwise.',
      'Of `braid lint`: another apiVersion, a misspelt kind, or a name that Kubernetes refuses.',
    ],
    fixes: ['The message names what is wrong in it. `braid lint FILE` shows all places at once.'],
  },
  NetworkForbidden: {
    causes: ['"namespaceIsolation" is set, and the network lies in a namespace that the pod may not use.'],
    fixes: ['Use a definition in the namespace of the pod, or add its namespace to "globalNamespaces".'],
  },
  CapabilityMissing: {
    causes: [
      'The annotation asks for port mappings, bandwidth or the like, and no plugin of the network declares that capability.',
    ],
    fixes: ['Declare it in the definition: `"capabilities": {"portMappings": true}` on the plugin that has it.'],
  },
  RequestUnmet: {
    causes: ['The pod asked for an address or MAC, and the delegate gave another one or none.'],
    fixes: [
      'Use a delegate or IPAM that honours requests: host-local and static do for addresses, macvlan and bridge for MACs.',
    ],
  },
  InterfaceNameTaken: {
    causes: ['Two networks of one pod ask for the same interface name.'],
    fixes: ['Give each its own, or none: then they are net1, net2, and so on.'],
  },
  RouteImpossible: {
    causes: ['The gateway of a route is in no subnet of its interface.'],
    fixes: ['Correct the gateway, or the subnet and prefix length of the address.'],
  },
  KernelRefused: {
    causes: [
      'The kernel said no; its own words are in the message, or in the details.',
      'A kernel module is missing.',
      'The kernel said yes, and did not do it, or not all of it: older ones pass over what they do not know.',
    ],
    fixes: ['`braid doctor` checks what this kernel can do. `dmesg` often has more.'],
  },
  CheckFailed: {
    causes: ['What is in the kernel is no longer what was attached: somebody changed it.'],
    fixes: ['The message says what was expected and what is there. Delete the pod, or undo the change.'],
  },
  RecordInvalid: {
    causes: ["A file of Braid's state is damaged, or of a newer version."],
    fixes: [
      '`braid list` shows which. `braid gc` frees what can be proved to be free.',
      'After going back to an older version of Braid: install the newer one again.',
    ],
  },
  FirewallFailed: {
    causes: [
      'The nft command is missing or failed: needed for ipMasq and macspoofchk.',
      'The iptables command is missing or failed: needed for ipMasq with `ipMasqBackend: iptables`.',
    ],
    fixes: ['Install nftables, or iptables, on the node. The message has the words of the command.'],
  },
  SysctlRefused: {
    causes: ['A setting below /proc/sys cannot be made: /proc/sys is mounted read-only, or this kernel lacks it.'],
    fixes: [
      '/proc/sys must be writable for the process that the runtime starts.',
      'IPv6 addresses need IPv6 in the kernel, and an MTU of at least 1280.',
    ],
  },
  KubeconfigInvalid: {
    causes: ['The kubeconfig, or a file that it names, cannot be used.'],
    fixes: [
      'The message names file and field. Plugins that run a command for a token (exec) are not used: take a token file or a certificate.',
    ],
  },
  ClusterRefused: {
    causes: ['The API server does not accept the credential, or it lacks a right.'],
    fixes: [
      'It needs `get` of pods and of network-attachment-definitions, `patch` of pods/status, `create` and `patch` of events: conf/base/rbac.yaml. `kubectl auth can-i --list` with it tells.',
    ],
  },
  ClusterUntrusted: {
    causes: ["The API server's certificate is not of the authority that the kubeconfig names, or is not valid now."],
    fixes: ['Renew "certificate-authority-data". Check the clock of the node: `timedatectl`.'],
  },
  PublishFailed: {
    causes: [
      "The API server refuses a pod's network status or an Event: an admission webhook, or the annotations are too long.",
    ],
    fixes: ['The message has its answer. It never fails an ADD. `braid gc` tries again at once what is left.'],
  },
  DevicesUnavailable: {
    causes: [
      "The network takes a device (annotation k8s.v1.cni.cncf.io/resourceName), and kubelet's pod-resources API does not answer.",
      'A ResourceClaim of the pod is not there, or nothing is allocated to it.',
    ],
    fixes: [
      'The socket is /var/lib/kubelet/pod-resources/kubelet.sock: it must be there for the process that the runtime starts.',
      '`kubectl get resourceclaims -n NAMESPACE -o yaml` shows the allocation.',
    ],
  },
  DeviceMissing: {
    causes: ['The pod has devices of the resource, but fewer than networks that take one.'],
    fixes: ["Raise the number in `resources.limits` of the pod's container, or ask for fewer networks."],
  },
  DhcpUnavailable: {
    causes: [
      'No DHCP daemon listens at the socket: the node agent does not run, or was started with `--dhcp off`.',
      '"daemonSocketPath" names another socket than the daemon has.',
      'The daemon did not answer within "delegateTimeout".',
    ],
    fixes: [
      'Start the node agent, or look why it ends: `kubectl -n kube-system logs ds/braid`.',
      'The dhcp daemon of the reference plugins serves as well: `dhcp daemon`.',
    ],
  },
  LeaseUnavailable: {
    causes: [
      'No DHCP server answered on the network of the interface.',
      'The server refused: its own words are in the message.',
      'The server told no subnet mask.',
      'Others on the network have the addresses that the server gives.',
      '"family" asks for IPv6, and the dhcp daemon of the reference plugins, which has the socket, knows IPv4 only.',
    ],
    fixes: [
      'See whether the server hears the pod: `tcpdump -ni MASTER port 67 or port 68 or port 546 or port 547` on the node.',
      'Check that "master", VLAN and bridge lead to the network on which the server is, and that its pool has free addresses.',
    ],
  },
  LeaseLost: {
    causes: [
      'The DHCP server did not renew the lease of a running pod, or refused to: an Event on the pod says which.',
      "Somebody took the address off the pod's interface.",
    ],
    fixes: [
      'When the lease has ended, the address is gone for this pod: delete it, so that a new one asks anew.',
      'A refusal leaves time until the lease ends: see why the server does not know the lease (restarted without its leases, another pool).',
    ],
  },
  PrimaryMissing: {
    causes: ['`braid install` found no usable configuration of a cluster network on this node.'],
    fixes: ['Install the cluster network first. Or name its file: `braid install --primary FILE`.'],
  },
  PodsAttached: {
    causes: ['Pods that run have networks which only Braid can detach, and it is about to go.'],
    fixes: ['`kubectl drain NODE` first. `--force` leaves them to you.'],
  },
  Internal: {
    causes: ['A defect of Braid.'],
    fixes: [
      'Report it with the message, the log and `braid version`. Nothing that was attached is lost: the record is there.',
    ],
  },
};

/** The page of that reason, whatever its case, or of that code; `undefined` when there is none. */
export function findPage(name: string): KnownPage | undefined {
  const known = reasons().find(
    ({ reason, code }) => reason.toLowerCase() === name.toLowerCase() || String(code) === name,
  );
  return known === undefined ? undefined : { ...known, ...pages[known.reason] };
}

/** All pages, in the order of the catalogue. */
export function allPages(): readonly KnownPage[] {
  return reasons().map((known) => ({ ...known, ...pages[known.reason] }));
}
