/** The CNI directories in configurations of container runtimes, as the runtimes themselves read them. */
import { describe, expect, it } from 'vitest';
import { mergeRuntimeDirs, parseRuntimeConfig } from '../../src/cni/runtime-dirs';

/** As `containerd config dump` of 2.1 writes it. */
const containerd3 = `version = 3
imports = ['/etc/containerd/conf.d/*.toml']

[plugins]
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = '/etc/containerd/certs.d'

  [plugins.'io.containerd.cri.v1.runtime'.cni]
    # DEPRECATED
    bin_dir = ''
    bin_dirs = ['/srv/bin', '/opt/cni/bin']
    conf_dir = '/srv/net.d' # ours
    max_conf_num = 1

  [plugins.'io.containerd.nri.v1.nri']
    plugin_path = '/opt/nri/plugins'
`;

/** As containerd 1.7's. */
const containerd2 = `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "pause"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/srv/bin"
    conf_dir = "/srv/net.d"

[plugins."io.containerd.internal.v1.opt"]
  path = "/opt/containerd"
`;

describe('what a runtime is told', () => {
  it.each<[string, string, string | undefined, readonly string[]]>([
    ['containerd, version 3', containerd3, '/srv/net.d', ['/srv/bin', '/opt/cni/bin']],
    [
      'containerd, version 3 with one directory',
      containerd3.replace(/ +bin_dirs.*\n/, '').replace("''", "'/b'"),
      '/srv/net.d',
      ['/b'],
    ],
    ['containerd, version 2', containerd2, '/srv/net.d', ['/srv/bin']],
    ['containerd, version 1', '[plugins.cri.cni]\nconf_dir = "/a"\nbin_dir = "/b"', '/a', ['/b']],
    ['version 3 with the table of version 2, which nobody reads', containerd2.replace('2', '3'), undefined, []],
    ['version 2 with the table of version 3, which nobody reads', containerd3.replace('3', '2'), undefined, []],
    ['a comment', containerd2.replaceAll(/^ +(bin|conf)_dir/gm, '# $1_dir'), undefined, []],
    ['another table', '[plugins."io.containerd.grpc.v1.cri".other]\nconf_dir = "/a"', undefined, []],
    ['variables of a snap', '[plugins.cri.cni]\nconf_dir = "$SNAP_DATA/a"', undefined, []],
    [
      'CRI-O',
      '[crio.network]\nnetwork_dir = "/a/"\nplugin_dirs = [\n\t"/b",\n\t"/c", # more\n]\n',
      '/a/',
      ['/b', '/c'],
    ],
    ['CRI-O of old', '[crio.network]\nplugin_dir = "/b"\n', undefined, ['/b']],
    ['CRI-O with nothing said', '[crio]\n[crio.network]\n# network_dir = "/a"\n', undefined, []],
    ['no file of the sort', '{"a": 1}', undefined, []],
  ])('%s', (_, text, confDir, binDirs) => {
    expect(parseRuntimeConfig(text)).toMatchObject({ confDir, binDirs });
  });

  it('names the files to read after it', () => {
    expect(parseRuntimeConfig(containerd3).imports).toEqual(['/etc/containerd/conf.d/*.toml']);
  });

  it('is what the last file says, each of the two by itself', () => {
    const [conf, bin] = [
      { confDir: '/a', binDirs: [] },
      { confDir: undefined, binDirs: ['/b'] },
    ];
    expect(mergeRuntimeDirs([conf, { confDir: '/old', binDirs: ['/old'] }, bin])).toEqual({
      confDir: '/old',
      binDirs: ['/b'],
    });
    expect(mergeRuntimeDirs([])).toEqual({ confDir: undefined, binDirs: [] });
  });
});
