package awsconfig_test

import (
	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// readings are files and their content as the AWS CLI reads it. TestBotocoreAgrees
// checks that it does, and rejects those with a fatal problem.
var readings = []struct {
	name  string
	text  string
	want  string
	kind  awsconfig.Kind // Profile if empty, Bare in bareReadings
	fatal string         // a line number and a part of the problem's text
	warn  string
}{
	// Repeated sections and keys.
	{
		name:  "header repeated",
		text:  "[profile a]\nregion = r1\nx = 1\n[profile b]\n[profile a]\nregion = r2\n",
		want:  "b:\na: region=\"r2\" x=\"1\"\n",
		fatal: `5: section [profile a] repeated from line 1`,
	},
	{
		name:  "key repeated",
		text:  "[profile a]\nregion = r1\nregion = r2\n",
		want:  "a: region=\"r2\"\n",
		fatal: `3: key "region" repeated from line 2`,
	},
	{
		name:  "key repeated in another case",
		text:  "[profile a]\nregion = r1\nRegion = r2\n",
		want:  "a: region=\"r2\"\n",
		fatal: `3: key "region" repeated from line 2`,
	},
	{
		name: "key repeated in another section",
		text: "[profile a]\nregion = r1\n[profile b]\nregion = r2\n",
		want: "a: region=\"r1\"\nb: region=\"r2\"\n",
	},
	{
		name: "one name quoted and unquoted: the later replaces the earlier",
		text: "[profile a]\nregion = r1\nx = 1\n[profile \"a\"]\nregion = r2\n",
		want: "a: region=\"r2\"\n",
		warn: `4: section [profile "a"] replaces the profile "a" of line 1`,
	},
	{
		name: "default replaced by profile default",
		text: "[default]\nregion = r1\nx = 1\n[profile default]\nregion = r2\n",
		want: "default: region=\"r2\"\n",
		warn: `4: section [profile default] replaces the profile "default" of line 1`,
	},
	{
		name: "profile default replaced by default",
		text: "[profile default]\nregion = r1\nx = 1\n[profile b]\n[default]\nregion = r2\n",
		want: "b:\ndefault: region=\"r2\"\n",
		warn: `5: section [default] replaces the profile "default" of line 1`,
	},
	{
		name:  "repeated and replaced: the last header decides, its like are merged",
		text:  "[profile a]\nx = 1\n[profile \"a\"]\ny = 2\n[profile a]\nz = 3\n",
		want:  "a: x=\"1\" z=\"3\"\n",
		fatal: `5: section [profile a] repeated from line 1`,
	},

	// Invalid lines.
	{
		name:  "key before any section",
		text:  "region = r1\n[profile a]\nregion = r2\n",
		want:  "a: region=\"r2\"\n",
		fatal: `1: text before the first section header`,
	},
	{
		name: "comments and blank lines before any section",
		text: "# mine\n\n  ; more\n[profile a]\nregion = r2\n",
		want: "a: region=\"r2\"\n",
	},
	{
		name:  "line without delimiter",
		text:  "[profile a]\nregion\noutput = json\n",
		want:  "a: output=\"json\"\n",
		fatal: `2: neither a section header nor`,
	},
	{
		name:  "line without key",
		text:  "[profile a]\n= r1\noutput = json\n",
		want:  "a: output=\"json\"\n",
		fatal: `2: no key before "="`,
	},
	{
		name:  "unclosed header",
		text:  "[profile a]\nregion = r1\n[profile b\nregion = r2\n",
		want:  "a: region=\"r1\"\n",
		fatal: `3: section header without a name in brackets`,
	},
	{
		name:  "header without a name",
		text:  "[profile a]\nregion = r1\n[]\nregion = r2\n",
		want:  "a: region=\"r1\"\n",
		fatal: `3: section header without a name in brackets`,
	},
	{
		name: "unclosed header with a delimiter is a key",
		text: "[profile a]\nregion = r1\n[profile b = c\n",
		want: "a: region=\"r1\" [profile b=\"c\"\n",
		warn: `3: key "[profile b" begins with a bracket`,
	},
	{
		name:  "byte order mark",
		text:  "\uFEFF[profile a]\nregion = r1\n",
		want:  "a: region=\"r1\"\n",
		fatal: `1: byte order mark`,
	},
	{
		name:  "byte order mark alone",
		text:  "\uFEFF",
		fatal: `1: byte order mark`,
	},
	{
		name:  "not UTF-8",
		text:  "[profile a]\nregion = r1\nname = caf\xe9 #\n[profile b]\nregion = r2\n",
		want:  "a: region=\"r1\" name=\"caf\\xe9 #\"\nb: region=\"r2\"\n",
		fatal: `3: not UTF-8`,
	},
	{
		name:  "key that is not UTF-8",
		text:  "[profile a]\nCAF\xc9 = x\n",
		want:  "a: caf\xc9=\"x\"\n",
		fatal: `2: not UTF-8`,
	},
	{
		name:  "UTF-16",
		text:  "\xff\xfe[\x00a\x00]\x00\n\x00b\x00\n\x00",
		fatal: `1: the file is in UTF-16`,
	},
	{name: "empty file"},
	{name: "blanks alone", text: " \n\t\n"},

	// Line ends.
	{
		name: "CRLF",
		text: "[profile a]\r\nregion = r1\r\n\r\n[profile b]\r\nregion = r2",
		want: "a: region=\"r1\"\nb: region=\"r2\"\n",
	},
	{
		name: "CR alone ends a line",
		text: "[profile a]\rregion = r1\r\r[profile b]\rregion = r2\r",
		want: "a: region=\"r1\"\nb: region=\"r2\"\n",
	},
	{
		name: "no newline at the end",
		text: "[profile a]\nregion = r1",
		want: "a: region=\"r1\"\n",
	},
	{
		name: "form feed and Unicode line separator end no line",
		text: "[profile a]\nregion = r1\fx = 2\u2028y = 3\n",
		want: "a: region=\"r1\\fx = 2\\u2028y = 3\"\n",
	},

	// Keys and values.
	{
		name: "delimiters",
		text: "[profile a]\nk1=v1\nk2 = v2\nk3: v3\nk4 :v4\nk5 = https://x/?y=z\nk6 : a=b\n",
		want: "a: k1=\"v1\" k2=\"v2\" k3=\"v3\" k4=\"v4\" k5=\"https://x/?y=z\" k6=\"a=b\"\n",
	},
	{
		name: "keys in lower case",
		text: "[profile a]\nREGION = R1\nSso_Region = r2\nİD = x\n",
		want: "a: region=\"R1\" sso_region=\"r2\" i̇d=\"x\"\n",
	},
	{
		name: "blanks in keys, blanks around values",
		text: "[profile a]\nmy key =\t v w \t\u00a0\nother\u2003= \u3000x\x1f\n",
		want: "a: my key=\"v w\" other=\"x\"\n",
	},
	{
		name: "comment lines",
		text: "[profile a]\n# region = r0\n  ; region = r0\nregion = r1\n#output = text\n\t# x\noutput = json\n",
		want: "a: region=\"r1\" output=\"json\"\n",
	},
	{
		name: "inline comment",
		text: "[profile a]\nregion = r1 # home\noutput = json\t; really\n",
		want: "a: region=\"r1 # home\" output=\"json\\t; really\"\n",
		warn: `2: the AWS CLI reads the comment after "region"`,
	},
	{
		name: "value that is nothing but a comment",
		text: "[profile a]\nregion = # none\n",
		want: "a: region=\"# none\"\n",
		warn: `2: the AWS CLI reads the comment after "region"`,
	},
	{
		name: "# without a blank before it",
		text: "[profile a]\nsso_start_url = https://corp.awsapps.com/start/#/\nx =#y\n",
		want: "a: sso_start_url=\"https://corp.awsapps.com/start/#/\" x=\"#y\"\n",
	},
	{
		name: "quoted values",
		text: "[profile a]\nregion = \"r1\"\n",
		want: "a: region=\"\\\"r1\\\"\"\n",
		warn: `2: the AWS CLI reads the quotes of "region"`,
	},
	{
		name: "no interpolation",
		text: "[profile a]\nx = %(region)s %% $HOME\nregion = r1\n",
		want: "a: x=\"%(region)s %% $HOME\" region=\"r1\"\n",
	},
	{
		name: "empty value",
		text: "[profile a]\nregion =\noutput:\n",
		want: "a: region=\"\" output=\"\"\n",
	},

	// Indentation.
	{
		name: "continuation",
		text: "[profile a]\nx = 1\n  2\n\t3  \ny = 4\n",
		want: "a: x=\"1\\n2\\n3\" y=\"4\"\n",
	},
	{
		name: "continuation across blank and comment lines",
		text: "[profile a]\nx = 1\n\n  2\n  # no\n \n  3\n\ny = 4\n",
		want: "a: x=\"1\\n\\n2\\n\\n3\" y=\"4\"\n",
	},
	{
		name: "continuation that looks like a key",
		text: "[profile a]\nx = 1\n  region = r1\n",
		want: "a: x=\"1\\nregion = r1\"\n",
		warn: `3: indented key continues the value of "x"`,
	},
	{
		name: "continuation that looks like a header",
		text: "[profile a]\nx = 1\n  [profile c]\n  region = r1\n[profile d]\n",
		want: "a: x=\"1\\n[profile c]\\nregion = r1\"\nd:\n",
		warn: `3: indented section header continues the value of "x"`,
	},
	{
		name: "indented keys",
		text: "[profile a]\n  region = r1\n  output = json\n x = 1\n  2\n",
		want: "a: region=\"r1\" output=\"json\" x=\"1\\n2\"\n",
	},
	{
		name: "indented headers",
		text: "  [profile a]\n  region = r1\n  [profile b]\n    region = r2\n\u00a0[profile c]\n\tregion = r3\n",
		want: "a: region=\"r1\"\nb: region=\"r2\"\nc: region=\"r3\"\n",
	},
	{
		name: "indented header under its own kind",
		text: "[profile a]\n   [profile b]\nregion = r2\n",
		want: "a:\nb: region=\"r2\"\n",
	},
	{
		name: "indentation counts characters",
		text: "[profile a]\n\u2003x = 1\n  y = 2\n",
		want: "a: x=\"1\\ny = 2\"\n",
		warn: `3: indented key continues`,
	},
	{
		name: "nested block",
		text: "[profile a]\ns3 =\n  Max_Queue_Size = 100\n  # no\n  region = r0 # kept\nregion = r1\n",
		want: "a: s3=\"\\nMax_Queue_Size = 100\\nregion = r0 # kept\" region=\"r1\"\n",
		warn: `5: the AWS CLI reads the comment after "s3"`,
	},
	{
		name:  "nested line without =",
		text:  "[profile a]\ns3 =\n  x = 1\n  y: 2\n",
		want:  "a: s3=\"\\nx = 1\\ny: 2\"\n",
		fatal: `4: line without "=" in the nested block of "s3"`,
	},
	{
		name:  "nested line split at a Unicode line separator",
		text:  "[profile a]\ns3 =\n  x = 1\u2028y\n",
		want:  "a: s3=\"\\nx = 1\\u2028y\"\n",
		fatal: `3: line without "="`,
	},
	{
		name:  "nested line split where only botocore splits",
		text:  "[profile a]\ns3 =\n  x = 1\vy\n",
		want:  "a: s3=\"\\nx = 1\\vy\"\n",
		fatal: `3: line without "="`,
	},

	// [DEFAULT].
	{
		name: "DEFAULT shows through",
		text: "[profile a]\nregion = r1\n[DEFAULT]\nRegion = r0\noutput = text\n[profile b]\n",
		want: "a: region=\"r1\" output=\"text\"\nb: region=\"r0\" output=\"text\"\n",
		warn: `3: the keys of [DEFAULT] apply to every section`,
	},
	{
		name: "DEFAULT shows through in sessions",
		kind: awsconfig.SSOSession,
		text: "[DEFAULT]\nsso_region = r0\n[sso-session s]\nsso_start_url = u\n",
		want: "s: sso_start_url=\"u\" sso_region=\"r0\"\n",
	},
	{
		name: "DEFAULT may be repeated",
		text: "[DEFAULT]\nx = 0\n[profile a]\n[DEFAULT]\ny = 1\n",
		want: "a: x=\"0\" y=\"1\"\n",
	},
	{
		name:  "DEFAULT may not repeat a key",
		text:  "[DEFAULT]\nx = 0\n[profile a]\n[DEFAULT]\nx = 1\n",
		want:  "a: x=\"1\"\n",
		fatal: `5: key "x" repeated from line 2`,
	},
	{
		name: "invalid nested block in DEFAULT that no section reads",
		text: "[DEFAULT]\ns3 =\n  bad\n[profile a]\ns3 = x\n",
		want: "a: s3=\"x\"\n",
	},
	{
		name:  "invalid nested block in DEFAULT that a section reads",
		text:  "[profile a]\ns3 = x\n[DEFAULT]\ns3 =\n  bad\n[profile b]\n",
		want:  "a: s3=\"x\"\nb: s3=\"\\nbad\"\n",
		fatal: `5: line without "=" in the nested block of "s3"`,
	},

	// Names.
	{
		name: "quoted names",
		text: "[profile \"x y\"]\n[profile 'p q']\n[profile v\\ w]\n[profile \"a'b\"]\n[profile \"c\\\"d\\e\"]\n[profile 'f\\g']\n[profile h\"i\"'j']\n[profile \"\"]\n",
		want: "x y:\np q:\nv w:\na'b:\nc\"d\\e:\nf\\g:\nhij:\n:\n",
		warn: `1: Go-based tools do not find the profile "x y"`,
	},
	{
		name: "headers that are no profiles",
		text: "[profile]\n[profilexyz]\n[profile a b]\n[profile it's]\n[profile c\\]\n[ profile d ]\n[Profile e]\n[foo]\n[ default ]\n[profile \"\" f]\n[profile ]\n",
		warn: `3: the AWS CLI ignores section [profile a b]: its header is not [profile NAME]`,
	},
	{
		name: "headers that are profiles all the same",
		text: "[profiles a]\n[profile\tb]\n[profile   c  ]\n[profile\"d e\" f]\n[profile -g]\n",
		want: "a:\nb:\nc:\nf:\n-g:\n",
	},
	{
		name: "names are case-sensitive and may be of any script",
		text: "[profile A]\n[profile a]\n[profile größe]\n[profile 日本]\n",
		want: "A:\na:\ngröße:\n日本:\n",
	},
	{
		name: "text behind a header",
		text: "[profile a] # mine\nregion = r1\n[profile b] # [old]\n[profile c]]\n[profile d#e]\n",
		want: "a: region=\"r1\"\nc]:\nd#e:\n",
		warn: `3: #, ; or ] in section header [profile b] # [old]`,
	},
	{
		name: "sso-session names",
		kind: awsconfig.SSOSession,
		text: "[sso-session s]\nx = 1\n[sso-session 'my corp']\n[sso-session]\n[sso-sessions t]\n[SSO-session u]\n[profile v]\n[sso-session \"s\"]\ny = 2\n",
		want: "my corp:\nt:\ns: y=\"2\"\n",
	},
	{
		name: "services names",
		kind: awsconfig.Services,
		text: "[services s]\nsso =\n  endpoint_url = http://localhost\n[services]\n",
		want: "s: sso=\"\\nendpoint_url = http://localhost\"\n",
	},
	{
		name: "default is a profile only",
		kind: awsconfig.SSOSession,
		text: "[default]\n[sso-session default]\nx = 1\n",
		want: "default: x=\"1\"\n",
	},
}

var bareReadings = []struct{ name, text, want string }{
	{
		name: "headers verbatim",
		text: "[a]\nx = 1\n[ b ]\n[profile c]\n[sso-session d]\n[\"e\"]\n[it's]\n[default]\n[Default]\n",
		want: "a: x=\"1\"\n b :\nprofile c:\nsso-session d:\n\"e\":\nit's:\ndefault:\nDefault:\n",
	},
	{
		name: "DEFAULT is no section",
		text: "[DEFAULT]\naws_access_key_id = AKIA\n[a]\n",
		want: "a: aws_access_key_id=\"AKIA\"\n",
	},
}
