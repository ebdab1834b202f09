# Rows 32 and 66: the first address ought to be link-local (RFC 9568 §5.2.9). As with keepalived an
# advert with another one counts all the same. No address at all is discarded.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200 addr=2001:db8::100,fe80::100
@2 < advert prio=200 addr=2001:db8::100,fe80::100
@2.5 < advert prio=200 from=fe80::3 addr=2001:db8::100
> note (V1) the address list of fe80::3 differs from ours
@3 < advert prio=0 addr=none
> note (V1) advert from fe80::2 on eth0 ignored: lists no addresses
@3.1 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=fe80::1 master=fe80::3/200 interval=1 rcvd:3 list:2
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.109375
@6.109375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @7.109375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@7.109375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @8.109375
@8.109375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @9.109375
@9 < wait
