"""What stands in the machinami.toml of a new installation, for people to change?"""

EXAMPLE = """\
# この街の設定です。変えたら machinami を起動し直してください。
# The settings of this town. Start machinami again after a change.

[town]
name = { ja = "わたしの街", en = "My town" }
centre = [138.2529, 36.2048]      # 地図の中心 longitude, latitude
zoom = 12
time_zone = "Asia/Tokyo"

[store]
durability = "normal"             # "full": 停電でも失わない survives a power cut, slower
# encrypted = true                # 新しい街のファイルを暗号化する encrypt the files of new towns
# key_file = "/media/keys/machinami.key"   # 鍵を別の場所に置く keep the key of the keys elsewhere

# person_keys = "/media/keys/machinami"    # 個人ごとの鍵を別の場所に置く keep the keys of persons elsewhere, so that
                                  # 消去が控えにも及ぶ to erase somebody reaches backups as well (docs/erasure.md)

# [backup]                        # 別のディスク・共有フォルダに控えを取る (docs/backup.md) copies elsewhere
# to = "/mnt/backup/machinami"    # 控えの場所 a disk or share that is not this computer's only one
# key_file = "/media/keys/backup.key"   # 控えを暗号化する鍵 seals the archive; keep it apart: without it all is lost
# every = "1d"                    # 全体の控えの間隔（その間も毎秒写す） between whole copies
# keep_days = 30                  # この日数の間の、どの時点にも戻せる any moment of these days can be restored
# rehearse_days = 7               # 何日ごとに、戻せるか確かめる between rehearsals of a restore

# [network]
# alias = "matsukawa"             # 他のブローカーから見た名前 what other brokers call this one
# address = "https://city.example"   # 外からこの街に届く URL where clients and other brokers reach this one
# trust_proxy = true              # 前にあるプロキシの X-Forwarded-* を信じる believe the proxy in front of it
# split_entities = true           # 一つのものが複数のブローカーに分かれている parts of one entity at several brokers
# notification_hours = 168        # 届かない知らせを送り直す時間 how long a notification is tried before it is set aside
# private_targets = true          # 庁内への通知・参照を許す let clients make it connect to machines inside
# plain_targets = true            # TLS のない相手にもつなぐ connect to others without TLS, too
# ca_file = "ca.pem"              # 通知先の証明書を発行した認証局 an authority of your own for HTTPS receivers

[server]
stand_in = true                   # 止まっても写しのページを出す serve copies if it is killed: docs/disaster-day.md
# ネットワークに開くとき to serve the network:
# certificate = "server.pem"      # TLS の証明書と鍵 the certificate for TLS and its key
# certificate_key = "server.key"
# client_certificates = "accepted"   # 機器の証明書を受け取る（"demanded": 必須） certificates of programs and devices
# hsts_days = 0                   # TLS 以外も許す（既定は 365） let browsers come without TLS later (default: 365)
# requests_per_client = 50        # 一人・一つのプログラムが1秒に送れる数 requests a second of one person or program
# connections = 2000              # 同時につなげる数（ほかの上限も docs/bounds.md） open at once; more: docs/bounds.md
# workers = 2                     # 時間のかかる計算をするプロセスの数 processes that compute what takes long
# handed_in_per_address = 20      # 名を知らない人が同じ所から1時間に出せる数 things handed in an hour by strangers
# handed_in_per_town = 300        # その町全体の数 by all strangers together

# [sign_in]
# second_factor = "everyone"      # 二つめの確認を誰に求めるか "nobody", "administrators", "staff", "everyone"
# leaked_passwords = "pwned-passwords-sha1-ordered-by-hash.txt"   # 漏れたパスワードの一覧 leaked passwords, as digests

# 市役所の認証基盤でサインインする To sign in at the city's own OpenID provider:
# [openid]
# issuer = "https://login.city.example"
# client_id = "machinami"
# client_secret_env = "MACHINAMI_OPENID_SECRET"
# name = "市役所 City hall"
#                                 # ログアウトの通知先 its back-channel logout URL: /sign-out/provider/back-channel
# levels = { mfa = 2 }            # acr・amr の値と確かさ which level (AAL) an acr or amr value means

# バスの位置を受け取る To fetch where buses are (GTFS-realtime):
# [[gtfs_realtime]]
# url = "https://operator.example/vehicle_positions.bin"
# feed = "bus"                    # 時刻表の名前 as the timetable was called when it was imported (--name)
# seconds = 30                    # 何秒ごと how often

# MQTT のセンサーをつなぐ To listen to sensors over MQTT:
# [[mqtt]]
# url = "mqtts://broker.example:8883"
# mapping = "mqtt.toml"           # どのトピックが何を意味するか what the topics mean
# user = "machinami"
# password_env = "MACHINAMI_MQTT_PASSWORD"   # パスワードは環境変数で kept out of this file
# ca_file = "ca.pem"
# certificate = "town.pem"        # パスワードのかわりに証明書で or by a certificate instead of a password
# key = "town.key"

# 住民にメールを送る To send mail to residents:
# [mail]
# host = "mail.city.example"
# port = 587
# sender = "bosai@city.example"   # 差出人 the address that letters come from
# security = "starttls"           # "tls"・"none"
# user = "machinami"
# password_env = "MACHINAMI_MAIL_PASSWORD"   # パスワードは環境変数で kept out of this file

# 支所・避難所として、本庁に書いたものを届ける To be a branch that delivers what it writes to its centre:
# [branch]
# of = "https://city.example"
# name = "first-school"
# types = ["Shelter", "ShelterReport"]   # 届けるもの what is delivered
# key_env = "MACHINAMI_BRANCH_KEY"   # 本庁で作ったかぎ a key that the centre made for it

# 記録を別の機械にも送る To keep the account (who did what) on another machine, too:
# [account]
# send_to = "https://records.city.example/machinami"
# secret_env = "MACHINAMI_ACCOUNT_SECRET"   # そこで見せる秘密 the secret that is shown there

# [operations]                    # 運用 how the machine is watched over
# ntp = "ntp.city.example"        # 時計を比べる相手 the time server that the clock is held against
# log = "json"                    # 記録を JSON の行で the log as JSON lines, for programs
# measure = false                 # リクエストの数と時間を /metrics で数えない do not count requests for /metrics
# trace_to = "https://otel.city.example/v1/traces"   # 追跡情報の送り先 where OpenTelemetry traces are sent
# trace_share = 0.1               # そのうちどれだけ of how many of all requests

# 機器のかぎを mosquitto に渡す To keep the devices' keys ready for a mosquitto broker:
# [devices]
# mosquitto = "/etc/mosquitto/machinami"
# mosquitto_pid = "/run/mosquitto/mosquitto.pid"   # 変わったら SIGHUP を送る it is told of changes (SIGHUP)
"""
