# Rows 23 and 24 over IPv6: truncated or longer than computed. There is no padding to forgive: the
# kernel has cut it off.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200
@2 < advert prio=200 cut=1
> note (V1) advert from fe80::2 on eth0 ignored: wrong length
@2.1 < advert prio=200 cut=16
> note (V1) advert from fe80::2 on eth0 ignored: wrong length
@2.2 < advert prio=200 cut=33
> note advert on eth0 ignored: truncated
@2.3 < advert prio=200 cut=40
> note advert on eth0 ignored: truncated
@2.4 < advert prio=200 count=255
> note (V1) advert from fe80::2 on eth0 ignored: wrong length
@2.5 < advert prio=200 count=1
> note (V1) advert from fe80::2 on eth0 ignored: wrong length
@2.6 < advert prio=200 more=2
> note (V1) advert from fe80::2 on eth0 ignored: wrong length
@2.7 < advert prio=200 more=16
> note (V1) advert from fe80::2 on eth0 ignored: wrong length
@2.8 < advert prio=200 addr=fe80::100 more=6
> note (V1) advert from fe80::2 on eth0 ignored: wrong length
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.609375
@4.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@5 < wait
@5.1 < advert prio=254 cut=1
> note (V1) advert from fe80::2 on eth0 ignored: wrong length
@5.2 < show V1
> V1 MASTER wants=MASTER prio=100 source=fe80::1 interval=1 rcvd:1 sent:1 become:1 len:8
