"""In which words is a command explained to a newcomer? What it is for, with examples that can be typed as they are."""

import argparse
import os
from collections.abc import Mapping
from typing import Any

_CALLED = "MACHINAMI_CALLED_AS"  # the script at the root says how it was called

GUIDES: Mapping[str, str] = {
    "": """\
Machinami (街並み): the city OS that a small town can run.
小さな街が自分で動かせる都市 OS です。まず {program} demo をどうぞ。

  {program} demo                     see a simulated town at work; nothing to fill in 架空の街を見る
  {program} init my-town             make a folder for your own town 自分の街のフォルダを作る
  {program} serve --data my-town     run it, and open http://127.0.0.1:1026/ 動かす
  {program} COMMAND --help           say more of one command コマンドのくわしい説明""",
    "demo": """\
Open a simulated town with a storm coming: five river gauges, forecasts, warnings that wait for approval.
架空の街を開きます。まもなく大雨が来ます。実在の川や町ではありません。

  {program} demo                     open http://127.0.0.1:1026/; Ctrl-C ends it and nothing is kept
  {program} demo --port 8080         where another town has the usual port
  {program} demo --data my-demo      keep the town; later calls go on where it was""",
    "init": """\
Make a folder for your town, with its settings explained. What is there already is never overwritten.
街のフォルダを作ります。設定の説明もそこに書かれます。すでにあるものは変えません。

  {program} init my-town             then edit my-town/machinami.toml, and run
  {program} serve --data my-town""",
    "serve": """\
Run the town in a folder until Ctrl-C. All its data stay in that folder; an empty one is a new town.
フォルダの街を動かします。データはすべてそのフォルダに入ります。止めるには Ctrl-C。

  {program} serve --data my-town                 open http://127.0.0.1:1026/
  {program} serve --data my-town --port 8080     where another town has the usual port

A town without administrators is served on this computer only; on any other --host this command refuses.""",
    "town": """\
Several towns on one installation, each with its own people, data and bounds. Works while it runs, and while not.
一つの OS に複数の街。それぞれに住民・データ・上限があります。動いていても、止まっていても使えます。

  {program} town found matsukawa --administrator sato --data my-towns      make one, and invite who runs it
  {program} town quota matsukawa --entities 20k --data my-towns             bound what it takes
  {program} town list --data my-towns                                      what each takes and may take
  {program} town move matsukawa ../matsukawa --data my-towns               out, as a folder that serves it
  {program} town bring ../matsukawa matsukawa --data my-towns              and in again
  {program} town delete matsukawa --data my-towns                          for good, with a report: docs/towns.md""",
    "bundle": """\
Make one signed file from which a town is installed, and renewed, where there is no network. Made from a checkout.
通信のない所に街を入れ、新しくするための、署名つきの一つのファイルを作ります。

  {program} bundle --new-key signing.pem                 once: a key, and its fingerprint for paper
  {program} bundle --key signing.pem                     the file, for machines like this one
  python3 machinami-….pyz --to /opt/machinami           there, with Python alone""",
    "upgrade": """\
Renew an installation from a bundle: the data are copied, brought to the new form, tried, and only then changed over.
束から新しい版にします。データは写しで試してから入れ替えます。失敗すれば元のままです。

  {program} upgrade machinami-….pyz
  {program} upgrade --undo             back to the release before; what was written since stays beside
  {program} upgrade                    which release runs; finishes or undoes what was broken off""",
    "migrate": """\
Bring the towns of a folder to this version's form, and hold them against themselves. The town must not run.
街のデータをこの版の形式にして、つじつまを調べます。街は止めておいてください。

  {program} migrate --data my-town             what it holds
  {program} migrate --data my-town --start     and does it start? nothing goes in or out""",
    "doctor": """\
Say what is wrong with a town, since when and what to do, and what is well; running or not. It changes nothing.
街の調子を調べ、何を・いつから・どうすればよいかを示します。動いていても、止まっていても使えます。

  {program} doctor --data my-town                        ends with 1 where something is to be seen to
  {program} doctor --data my-town --json                 for programs
  {program} doctor --data my-town --bundle help.zip      what helps others to help, without secrets 相談用""",
    "backup": """\
Copy every town, its files and settings into an archive, whether it runs or not. Later calls store what changed.
すべての街と設定の控えを取ります。動いていても、止まっていても使えます。二回目からは変わった分だけです。

  {program} backup --data my-town --to /mnt/backup/my-town
  {program} backup --data my-town --to /mnt/backup/my-town --key-file /media/keys/backup.key     sealed

With [backup] in machinami.toml it happens by itself, every second: docs/backup.md""",
    "restore": """\
Bring everything back from an archive into a folder that is not there yet, as it was at the last or any moment.
控えから戻します。すでにある街を上書きすることはありません。

  {program} restore /mnt/backup/my-town --data my-town-again
  {program} restore /mnt/backup/my-town --data before --at 2026-07-01T09:30
  {program} restore /mnt/backup/my-town --data my-town --town matsukawa          one town, into an installation""",
    "rehearse": """\
Prove that the last backup can be restored: into a temporary place, read from end to end, and removed again.
最後の控えから本当に戻せるかを確かめます。結果は控えに記録されます。

  {program} rehearse --data my-town                              the archive that machinami.toml names
  {program} rehearse /mnt/backup/my-town --keys my-town          encrypted towns, open archive""",
    "standby": """\
Have a second machine follow a town, ready to take over: by its address, or by an archive in a folder that both see. It
says how far behind it is.
もう一台のコンピューターで街を追い、いつでも引き継げるようにします。遅れも表示します。

  {program} admin key second --role service --scope standby --data my-town      on the first machine: a key for it
  {program} standby --of https://city.example --data standby --key KEY --key-file backup.key
  {program} standby --of /mnt/backup/my-town --data standby    where both machines see the archive
  {program} takeover --data standby --host 0.0.0.0             when the first machine is lost""",
    "takeover": """\
Have a standby, or a folder that was restored, be the town from now on. The former machine stops when it sees it.
待機系、または控えから戻したフォルダを、これからの街にします。前のコンピューターは気づくと止まります。

  {program} takeover --data standby --host 0.0.0.0
  {program} takeover --data standby --only                     where systemd starts `serve`""",
    "history": """\
Read the readings of closed months as they came, before they were condensed; running or not (docs/retention.md).
まとめる前の、来たままの値を読みます。動いていても、止まっていても使えます。

  {program} history --data my-town --type RiverGauge --since 2024-01 --until 2024-03 --csv
  {program} history --data my-town --entity urn:ngsi-ld:RiverGauge:1 --parquet gauge.parquet""",
    "import": """\
Bring data that another system has exported into a town.
ほかの仕組みから書き出したデータを街に取り込みます。

  {program} import csv FILE --map MAP.toml --to http://127.0.0.1:1026
  {program} import citymodel udx/bldg --data my-town      buildings from CityGML: docs/watch-cameras.md
  {program} import csv --help        all that can be said; how to write a map: docs/import-csv.md""",
    "import csv": """\
Bring a table of measurements into a town. MAP.toml says which column is what: docs/import-csv.md.
表を街に取り込みます。どの列が何かは MAP.toml に書きます。書き方は docs/import-csv.md にあります。

  {program} import csv 水位.csv --map mochiyoji.toml --dry-run         look at what would be brought in
  {program} import csv 水位.csv --map mochiyoji.toml --data my-town    into a town that is not running
  {program} import csv 水位.csv --map mochiyoji.toml --to http://127.0.0.1:1026
  {program} import csv 水位.csv --map mochiyoji.toml --to http://127.0.0.1:1026 --replay 60""",
    "import gtfs": """\
Bring a timetable by GTFS or GTFS-JP into a town. --date DAY shows the week from a day, where it has expired.
GTFS・GTFS-JP の時刻表を街に取り込みます。期限を過ぎた時刻表は --date で日を指定します。

  {program} import gtfs bus.zip --dry-run                              look at what would be brought in
  {program} import gtfs bus.zip --name city-bus --data my-town         into a town that is not running
  {program} import gtfs bus.zip --date 2019-04-01 --to http://127.0.0.1:1026""",
    "import citymodel": """\
Bring the buildings of a city model into a town: CityGML 2.0, as the files udx/bldg of PLATEAU.
3D都市モデルの建物を街に取り込みます。PLATEAU の udx/bldg にある CityGML 2.0 を読みます。

  {program} import citymodel 52397519_bldg_6697_op.gml --dry-run            look at what would be brought in
  {program} import citymodel 52397519_bldg_6697_op.gml --data my-town       into a town that is not running
  {program} import citymodel udx/bldg --to http://127.0.0.1:1026            a folder, into a running one""",
    "federate": """\
Let a running town ask its neighbours: their data join ours in every answer, and none waits for them.
動いている街に隣の街を紹介します。答えには隣の街のデータも加わり、隣が遅くても待ちません。

  {program} federate add http://127.0.0.1:1027     introduce the town that runs there
  {program} federate list                          which neighbours are known, and how they fare
  {program} federate remove NAME                   let one go""",
    "admin": """\
Make an administrator of a town, or open the way in anew for one who lost it. It prints a link, never a password.
街の管理者をつくります。入れなくなった管理者に新しい入り方も出せます。

  {program} admin make aiko --data my-town
  {program} admin reset aiko --recognised in-person --data my-town
  {program} admin key "rain gauge" --role service --data my-town     a key for a program or a device""",
    "policy": """\
Say who may do what in a town and why, and change it. WHO is everyone, role:officer, person:ID or program:ID.
だれが何をしてよいかを見て、変えます。街が動いていても、止まっていても使えます。Running or not.

  {program} policy list --data my-town
  {program} policy explain role:resident RiverGauge waterLevel --data my-town
  {program} policy allow open-levels everyone read --type RiverGauge --attribute waterLevel --data my-town
  {program} policy withdraw open-levels --data my-town""",
    "consent": """\
Say for what people may be asked, what is personal, on which grounds data are given, and who consented to what.
何のために同意をお願いしてよいか、何が個人情報か、どの根拠で渡すか、だれが何に同意したかを見て、変えます。
街が動いていても、止まっていても使えます。Running or not.

  {program} consent board show --data my-town                     who decides on purposes だれが目的を決めるか
  {program} consent applications list --data my-town              what was applied for 審査の申請
  {program} consent purposes list --data my-town                  which are approved and published 目的
  {program} consent purposes publish walking --data my-town       with the text that was approved 公表する
  {program} consent marks set personal --type Walk --subject walker --data my-town     個人情報の印をつける
  {program} consent marks take-off --type Walk --reason "no names any more" --data my-town
  {program} consent grounds list --data my-town                   given without consent, and why 根拠
  {program} consent given count --data my-town                    how many, by purpose 同意の数
  {program} consent given withdraw ID --proof "by telephone" --data my-town            本人にかわって取り消す

What stands on the pages of the ethics board (/ethics) is said more fully there; votes are taken there alone.""",
    "release": """\
Make anonymous data of people, see how safe they are, and take published ones back. A person publishes, signed in.
住民の情報から、だれのことかわからない表を作って確かめます。公開は、サインインした別の職員が決めます。

  {program} release make steps.json --data my-town
  {program} release show steps/1 --data my-town
  {program} release withdraw steps/1 --reason "a wrong unit" --data my-town
  {program} release score --csv people.csv --known district,age --bands age=5,10 --sensitive illness -k 5 -l 2""",
    "audit": """\
Say what was done in a town and by whom, and whether the account of it has been tampered with.
だれが何をしたかの記録を調べ、書きかえられていないかを確かめます。

  {program} audit head --data my-town                   a line to be kept elsewhere, once a day
  {program} audit verify --data my-town --head LINE     the record must go on from it
  {program} audit search --who urn:person:7 --data my-town
  {program} audit export --data my-town                 as JSON lines; and of such a file:
  {program} audit verify --file audit.jsonl

In a closed network, whether the installed parts have known weaknesses, from files that somebody brought:
閉じたネットワークで、入っている部品の既知の弱点を、持ち込んだ勧告のファイルで調べます。

  {program} audit parts --advisories osv-files""",
    "disaster": """\
Put the pages for residents into their light form in a disaster, or for a drill. Who, when and why is recorded.
災害のとき、住民のページを軽い表示に切りかえます。訓練もできます。だれが、いつ、なぜかを記録します。

  {program} disaster on --reason "大雨特別警報" --data my-town
  {program} disaster drill --reason "総合防災訓練" --data my-town      the same, and marked as a drill
  {program} disaster off --reason "警報解除" --data my-town
  {program} disaster show --data my-town                              docs/disaster-day.md""",
    "copy": """\
Serve the last copy of the light pages, at a port of its own, whether the town runs or not.
軽いページの最後の写しを、街が止まっていても別のポートで出します。

  {program} copy --data my-town --port 1027""",
    "certificate": """\
Make certificates for a closed network: the town is its own authority, which the office's computers are told to trust.
閉じたネットワークのために、街が自分で証明書を出します。動いているあいだ、切れる前に自分で更新します。

  {program} certificate authority --data my-town                   once; install authority/ca.pem on the computers
  {program} certificate issue machinami.local 192.168.0.7 --data my-town     for this server
  {program} certificate issue --key ID --data my-town              for a program or a device
  {program} certificate revoke ID --data my-town
  {program} certificate list --data my-town""",
    "sealing-key": """\
Have a fresh key seal what the installation must read again: seeds of authenticators, credentials shown to others.
認証アプリの種や、ほかへ示す資格情報を封印する鍵（identity.key）を新しくします。前の鍵も、読むために残ります。

  {program} sealing-key renew --data my-town       then start the town again; back up identity.key anew""",
    "erasure": """\
Erase what a town holds about somebody, and show the account of it: what went, and what is kept and why.
ある人についてのデータを消し、その報告（何が消え、何がなぜ残り、どの鍵が壊されたか）を見ます。

  {program} erasure ask urn:person:7 --proof "form 12, signed" --data my-town
  {program} erasure list --data my-town
  {program} erasure show urn:machinami:erasure:1 --data my-town""",
    "notifications": """\
See whether a running town's notifications arrive; hold, test and replay them, and ask why one was sent or not.
動いている街の知らせが届いているかを見ます。止める・試す・送り直すほか、なぜ知らせた（知らせない）かも調べます。

  {program} notifications list --data my-town                          what fails comes first
  {program} notifications test urn:ngsi-ld:Subscription:1 --data my-town
  {program} notifications why urn:ngsi-ld:Subscription:1 urn:ngsi-ld:Gauge:1 --data my-town
  {program} notifications replay urn:ngsi-ld:Subscription:1 --data my-town    what was given up""",
    "repair": """\
Look through the files of a town that is stopped, and mend them: nothing is thrown away, the damaged file is kept.
止めた街のファイルを点検し、直します。壊れたファイルは捨てず、となりに残します。

  {program} repair --data my-town                    say what is wrong; nothing is changed
  {program} repair --data my-town --mend             make a whole file of what can be read, and of the log
  {program} repair --data my-town --drop subscription urn:ngsi-ld:Subscription:1    a record that cannot be read""",
    "devices": """\
Say which devices the town knows, and write their keys for a mosquitto broker, which cannot ask the town itself.
街の機器のかぎを、mosquitto が読むファイルに書き出します。動いている街なら [devices] の設定で自動になります。

  {program} devices list --data my-town
  {program} devices export mosquitto /etc/mosquitto/machinami --data my-town""",
    "evaluate flood": """\
Score the flood forecasts on the record of any river, against the level simply staying as it is (persistence).
The first half of the record trains; the second half is forecast in four parts, each from all before it.
お手元の川の記録で、水位予測の成績を調べます。

  {program} evaluate flood --csv river.csv --time date --level level_m --rain rain_mm --tz Asia/Tokyo""",
    "evaluate buses": """\
Hold the journey planner against a search that tries everything, arrival estimates against planted delays, and proposed
departures against today's, on any timetable by GTFS or GTFS-JP.
お手元の時刻表（GTFS・GTFS-JP）で、行き方の検索・到着の見込み・時刻表の案を確かめます。

  {program} evaluate buses --gtfs bus.zip --date 2019-04-16
  {program} evaluate buses --gtfs bus.zip --parts planner --queries 1000 --json""",
    "evaluate participation": """\
Hold the rules of participatory budgeting against elections of Pabulib (.pb files): the winners by most votes against
those that the files name, and what equal shares would choose. A test bench of forty elections takes some minutes.
みんなで決める予算の決め方を、実際の投票（Pabulib の .pb ファイル）で確かめます。

  {program} evaluate participation --pb elections/
  {program} evaluate participation --pb one.pb --json""",
    "evaluate indicators": """\
Judge the statistics by which a town's figures are judged, on truths that were planted. With a table of places and
years, what would have come of one of them without a measure: a mixture of the others, with placebos.
指標を判断する統計を、答えのわかる例で調べます。表を渡すと、取組がなければどうだったかを推定します。

  {program} evaluate indicators
  {program} evaluate indicators --csv towns.csv --unit town --time year --outcome rides --treated Kawabe --from 2021""",
    "evaluate health_points": """\
Judge the rules of the health points: the published test documents of Open mHealth, the ledger under random
operations at once, and a planted effect that must be found again.
健幸ポイントの規則（文書の判定・台帳・効果の推定）を、真の値がわかる例で調べます。

  {program} evaluate health_points --documents test-data/omh --json
  {program} evaluate health_points --operations 1000000 --towns 1000    the long form""",
    "evaluate money": """\
Judge the rules by which towns share a cost: games whose Shapley value or nucleolus is known, and sums to the yen.
With a file of your own members, what each pays by every rule, and whether any group would fare better alone.
費用の分け方（シャープレイ値・仁・1円単位の合計）を、答えのわかる例で調べます。自分の町のCSVも計算できます。

  {program} evaluate money
  {program} evaluate money --csv towns.csv --total 27000000 --json""",
    "bench": """\
Measure what each operation costs on this machine, beside `bare`: the same server stack with fixed answers.
The ratio to bare can be compared between machines; microseconds and milliseconds cannot.
このコンピューターでの速さを測ります。

  {program} bench                    with 100 and 100,000 entities, some minutes
  {program} bench --only get --scale 100 --seconds 1     a first look, in seconds""",
    "new-service": """\
Begin a new service that runs, shows a page and passes its tests at once; then change it into yours.
新しいサービスを作ります。すぐに動き、テストも通ります。そこから書きかえてください。

  {program} new-service bench_count                      in this checkout
  {program} new-service bench_count --outside ../bench   as a package of its own""",
}


def program() -> str:
    """How this program is called by whoever reads: by the script at the root, or as it was installed."""
    return os.environ.get(_CALLED) or "machinami"


def guide(command: str = "") -> dict[str, Any]:
    """What a parser is given so that its help explains the command."""
    text = GUIDES[command].format(program=program())
    return {"description": text, "formatter_class": argparse.RawDescriptionHelpFormatter}
