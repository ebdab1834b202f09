# Rows 30 and 31 over IPv6: another interval is learnt, interval 0 is discarded, reserved bits are
# not looked at.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 int=0.2 reserved=15
> arm V1 MasterDown @1.721875
> note (V1) fe80::2 advertises every 0.2 s, which is not our interval
@1.2 < advert prio=200 int=0.2
@1.4 < advert prio=200 interval=0
> note (V1) advert from fe80::2 on eth0 ignored: advert interval 0
@1.721875 * V1 MasterDown
> arm V1 MasterDown @1.921875
@1.921875 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @2.921875
> tell (V1) BACKUP -> MASTER: no advert for 0.721875 s
@2 < wait
@2.2 < show V1
> V1 MASTER wants=MASTER prio=100 source=fe80::1 interval=1 rcvd:2 sent:1 become:1 interval:1
